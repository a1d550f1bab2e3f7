/** What every part of Sparrow needs and none owns. No domain word lives here. */
export { backoff } from './backoff.ts';
export { BoundedQueue } from './bounded-queue.ts';
export { type Clock, systemClock } from './clock.ts';
export { Deadline, DeadlineError } from './deadline.ts';
export { type ErrorWords, SparrowError } from './error.ts';
export { createId, ulid } from './id.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export { PendingCalls } from './pending-calls.ts';
export { joinPhrases, type Language, Phrase, type PhrasePart, phraseKey, phraseOf, phrases } from './phrase.ts';
export { Ticker } from './ticker.ts';
export { Deadlines, TimerWheel } from './timer-wheel.ts';
