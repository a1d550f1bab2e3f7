import type { Clock } from '@sparrow/core';
import type { MessageCodec } from '../codec/message-codec.ts';
import type { KvEngine } from '../engines/kv-engine.ts';
import type { HotTier } from '../hot/hot-tier.ts';
import type { StoreLimits } from '../limits.ts';
import type { Telemetry } from '../operations/telemetry.ts';

/** What the tables of one store share. */
export interface StoreContext {
  engine: KvEngine;
  limits: StoreLimits;
  clock: Clock;
  messages: MessageCodec;
  /** Undefined where other processes may change records unseen. */
  hot: HotTier | undefined;
  telemetry: Telemetry;
  /** Milliseconds that a hot record may be old when it is read from shards. */
  hotAgeMs: number;
  /** Name of the key that new encrypted values are under. */
  currentKey: string | undefined;
  /** Takes from the app's quota. @throws StoreError QUOTA_EXCEEDED */
  charge(kind: 'read' | 'write', bytes: number): void;
}
