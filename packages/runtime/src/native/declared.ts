import { NativeFailure } from './failure.ts';
import type { Program } from './phone.ts';

/**
 * The functions that tell where a user is or lives must be declared in `requiredPrivateInfos` of app.json.
 *
 * @throws NativeFailure with the text of the original
 */
export function requireDeclared({ manifest }: Program, name: string): void {
  const declared = manifest.app.raw.requiredPrivateInfos;
  if (Array.isArray(declared) && declared.includes(name)) return;
  throw new NativeFailure('the api need to be declared in the requiredPrivateInfos field in app.json/ext.json');
}
