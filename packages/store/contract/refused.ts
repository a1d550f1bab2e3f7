import { expect } from 'vitest';
import { StoreError, type StoreErrorCode } from '../src/errors.ts';

/** Holds that a call is refused with this code, and says what to do about it. */
export async function refused(promise: Promise<unknown>, code: StoreErrorCode, tcaplus?: number): Promise<StoreError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, `${code} was expected`).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code, ...(tcaplus === undefined ? {} : { tcaplus }) });
  expect((error as StoreError).hint).not.toBe('');
  return error as StoreError;
}
