export { ContractChecks, type ContractRefusal, type ContractReport } from './contract-checks.service.js';
export { type ContractProblem } from './problems.js';
export { OpenApiDownloads, type OpenApiDownload } from './openapi-downloads.service.js';
