import { onTestFinished } from 'vitest';
import * as counters from '../../src/checker/load.ts';
import * as pairs from '../../src/checker/transaction-load.ts';

/** A load that ends with its test, however that ends: one that timed out would go on under the next. */
function endsWithTest<T extends { stop(): Promise<void> }>(load: T): T {
  onTestFinished(() => load.stop());
  return load;
}

export const startLoad = (...options: Parameters<typeof counters.startLoad>): counters.Load =>
  endsWithTest(counters.startLoad(...options));

export const startTransactionLoad = (
  ...options: Parameters<typeof pairs.startTransactionLoad>
): pairs.TransactionLoad => endsWithTest(pairs.startTransactionLoad(...options));
