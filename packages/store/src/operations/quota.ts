import type { Clock } from '@sparrow/core';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/** What one app may use of the store, per second. */
export interface QuotaOptions {
  readsPerSecond?: number;
  writesPerSecond?: number;
  writeBytesPerSecond?: number;
}

/** Token buckets that hold two seconds. */
export function createQuota(
  options: QuotaOptions,
  clock: Clock,
): { charge(kind: 'read' | 'write', amount: number): void; used(): Record<string, number> } {
  const bucket = (perSecond: number | undefined, name: string): ((amount: number) => void) => {
    if (perSecond === undefined) return () => {};
    let level = perSecond * 2;
    let at = clock.elapsed();
    return (amount) => {
      const now = clock.elapsed();
      level = Math.min(perSecond * 2, level + ((now - at) * perSecond) / 1000);
      at = now;
      if (level < Math.min(amount, perSecond * 2))
        throw new StoreError('QUOTA_EXCEEDED', phrase`the app used its quota of ${perSecond} ${name} a second`, {
          hint: phrase`do less at once, or raise the quota of the app`,
        });
      level -= amount;
    };
  };
  const reads = bucket(options.readsPerSecond, 'reads');
  const writes = bucket(options.writesPerSecond, 'writes');
  const bytes = bucket(options.writeBytesPerSecond, 'written bytes');
  let readCount = 0;
  let writeCount = 0;
  return {
    charge(kind, amount) {
      if (kind === 'read') {
        reads(amount);
        readCount += amount;
      } else {
        writes(1);
        bytes(amount);
        writeCount++;
      }
    },
    used: () => ({ quotaReads: readCount, quotaWrites: writeCount }),
  };
}
