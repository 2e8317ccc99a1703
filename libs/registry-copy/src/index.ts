export { RegistryCopy, type RegistryCopyEvents, type RegistryCopyOptions } from './registry-copy.consumer.js';
