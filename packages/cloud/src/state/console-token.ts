import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readIfThere, writeFileAtomic } from './atomic-file.ts';

/**
 * The token follows from a key of this user and the folder's place. A project may come with a `.sparrow/token` from
 * elsewhere, whose author knows what is in it: that file is written here and never read.
 *
 * @param folder the project's `.sparrow`
 * @param home folder for what belongs to the user and not to a project; undefined when there is none
 * @returns 32 bytes, base64url
 */
export function writeToken(folder: string, home: string | undefined): string {
  const token = createHmac('sha256', userKey(home)).update(realpathSync(folder)).digest('base64url');
  writeFileAtomic(join(folder, 'token'), `${token}\n`, 0o600);
  return token;
}

/** 32 random bytes of this user, made once. Without a home that can be written they last for this run only. */
function userKey(home: string | undefined): string {
  const fresh = randomBytes(32).toString('base64url');
  if (home === undefined) return fresh;
  const file = join(home, 'sparrow', 'key');
  try {
    const known = readIfThere(file)?.trim();
    if (known !== undefined && known.length >= 32) return known;
    mkdirSync(join(home, 'sparrow'), { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileAtomic(draft, `${fresh}\n`, 0o600);
    try {
      // Of two that make it at the same moment one is kept, and both use that one.
      if (known !== undefined) rmSync(file, { force: true });
      linkSync(draft, file);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch {
    // Made by another process meanwhile, or not to be written.
  }
  try {
    return readIfThere(file)?.trim() || fresh;
  } catch {
    return fresh;
  }
}

/**
 * Where things of a user lie that belong to no project. An empty or relative XDG_STATE_HOME counts as none, as its
 * specification says. In a container a user may have neither HOME nor a line in /etc/passwd: then there is no such
 * folder.
 */
export function stateHomeOf(given: string | undefined, home: () => string = homedir): string | undefined {
  if (given?.startsWith('/')) return given;
  try {
    return join(home(), '.local', 'state');
  } catch {
    return undefined;
  }
}
