export { openDatabase, type Database, type DatabaseOptions, type Queries, type Row } from './database.js';
export { migrate, type MigrateOptions, type Migrations } from './migrator.js';
export { postgresErrors, toDatabaseError } from './postgres.errors.js';
