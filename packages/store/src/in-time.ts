/** What a promise gives, if it does so by a deadline (`performance.now()`); else what `late` makes is thrown. */
export function inTime<T>(promise: Promise<T>, deadline: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const left = Math.max(0, Math.min(deadline - performance.now(), 0x7fff_ffff));
    const timer = setTimeout(() => reject(late()), left);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
