export { type AccessPlan } from './access-plan.js';
export { BulkInsert, type BulkColumn } from './bulk-insert.js';
export { CopiedRows } from './copied-rows.js';
export { type CopyQuery } from './copy-out.js';
export { accessBy, type AccessSettings, type DatabaseAccess } from './database-access.js';
export { openDatabase, type Database, type DatabaseOptions } from './database.js';
export { migrate, type MigrateOptions, type Migrations } from './migrator.js';
export { type Queries, type Row } from './queries.js';
export { postgresErrors, toDatabaseError } from './postgres.errors.js';
