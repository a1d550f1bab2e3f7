import { TryAgain } from './shard-client.ts';

/** What a promise gives, if it does so by a deadline (`performance.now()`). @throws TryAgain when it does not */
export function inTime<T>(promise: Promise<T>, deadline: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const left = Math.max(0, Math.min(deadline - performance.now(), 0x7fff_ffff));
    const late = setTimeout(() => reject(new TryAgain('no answer in time')), left);
    promise.then(
      (value) => {
        clearTimeout(late);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(late);
        reject(error);
      },
    );
  });
}
