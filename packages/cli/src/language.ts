import type { Language } from '@sparrow/core';
import { Option } from 'commander';

/**
 * The language of whoever typed a command: `--lang`, else the locale as POSIX orders its variables.
 *
 * @example readLanguage(['dev'], { LANG: 'zh_CN.UTF-8' }) // 'zh'
 */
export function readLanguage(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Language {
  const locale = optionOf(args) ?? (env.LC_ALL || env.LC_MESSAGES || env.LANG || '');
  return /^zh\b|^zh_/i.test(locale) ? 'zh' : 'en';
}

export const languageOption = (): Option =>
  new Option('--lang <language>', 'language of all texts (default: that of the shell)').choices(['en', 'zh']);

/** Read by hand, because it may be the line itself that is wrong. What stands behind `--` is not ours. */
function optionOf(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const at = own.findLastIndex((arg) => arg === '--lang' || arg.startsWith('--lang='));
  const arg = own[at];
  return arg === '--lang' ? own[at + 1] : arg?.slice('--lang='.length);
}
