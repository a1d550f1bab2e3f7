/** What every engine must do, seen through the record store. */

export { recordStoreContract } from './record-store-contract.ts';
export { CONTRACT_SCHEMA } from './schema.ts';
