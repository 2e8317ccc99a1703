export { RegistryCopy, type RegistryCopyEvents, type RegistryCopyOptions } from './registry-copy.consumer.js';
export { registryCopyErrors } from './registry-copy.errors.js';
export { RegistryMemory, type Remembered } from './registry-memory.store.js';
