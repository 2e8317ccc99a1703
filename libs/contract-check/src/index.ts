export { Contract, type ContractReason, type RequestParts } from './contract.js';
export { Contracts } from './contracts.js';
export { type ContractProblem } from './problems.js';
