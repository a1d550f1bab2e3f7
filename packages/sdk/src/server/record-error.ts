import { fromWire, type RecordFailure } from '@sparrow/protocol/record-wire';
import { SparrowSdkError } from './errors.ts';

/**
 * A refusal of the record store: `storeCode` is its code (NOT_FOUND, EXISTS, VERSION_MISMATCH …), `tcaplus` that of
 * TCaplus.
 */
export class SparrowRecordError extends SparrowSdkError {
  readonly storeCode: string;
  readonly tcaplus: number | undefined;
  readonly version: number | undefined;
  readonly record: unknown;
  constructor(failure: RecordFailure) {
    super('ERR_RECORD_STORE', `${failure.code}: ${failure.message}`, { hint: failure.hint });
    this.name = 'SparrowRecordError';
    this.storeCode = failure.code;
    this.tcaplus = failure.tcaplus;
    this.version = failure.version;
    this.record = fromWire(failure.record);
  }
}
