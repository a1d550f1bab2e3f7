import type { WxContext } from './context.ts';
import { WX_FUNCTIONS } from './functions.generated.ts';

/**
 * Functions of the official typings that Sparrow does not have: they fail the way a real phone says it of an old version,
 * and are reported, so that nobody has to guess why nothing happens.
 */
export function createStubs(context: WxContext, implemented: Record<string, unknown>): Record<string, unknown> {
  const stubs: Record<string, unknown> = {};
  const report = (name: string): void =>
    context.reporter.problem('api', 'API_NOT_SUPPORTED', `wx.${name} is not supported`);
  for (const name of WX_FUNCTIONS) {
    if (Object.hasOwn(implemented, name)) continue;
    if (/^o(n|ff)[A-Z]/.test(name)) stubs[name] = () => report(name);
    else if (
      /^(create|get)[A-Z].*(Context|Manager|Animation|Observer|Canvas|Group|Ad|Worker|Task)$/.test(name) ||
      name.endsWith('Sync')
    )
      stubs[name] = () => {
        report(name);
        throw new Error(`${name}:fail not supported`);
      };
    else
      stubs[name] = (options: object = {}) => {
        report(name);
        const error = { errMsg: `${name}:fail not supported` };
        const { success, fail, complete } = options as Record<string, ((value: unknown) => void) | undefined>;
        if (!success && !fail && !complete) return Promise.reject(error);
        queueMicrotask(() => {
          context.reporter.guard(`wx.${name} fail`, () => fail?.(error));
          context.reporter.guard(`wx.${name} complete`, () => complete?.(error));
        });
        return undefined;
      };
  }
  return stubs;
}
