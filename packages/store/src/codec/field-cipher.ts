import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/**
 * Keys for encrypted fields, 32 bytes each. New values take `current`; older keys stay until every record was rotated.
 */
export interface CryptoKeys {
  current: string;
  keys: Readonly<Record<string, Uint8Array>>;
}

/**
 * AES-256-GCM over the encoded field. `context` (table, key, field) is authenticated: a value cannot be put elsewhere.
 */
export interface FieldCipher {
  seal(plain: Uint8Array, context: Uint8Array): Buffer;
  /** @throws StoreError CRYPTO_KEY_UNKNOWN, DECRYPT_FAILED */
  open(sealed: Uint8Array, context: Uint8Array): Buffer;
  keyOf(sealed: Uint8Array): string;
  readonly current: string;
}

const FORMAT = 1;
const NONCE = 12;
const TAG = 16;

export function createFieldCipher(keys: CryptoKeys): FieldCipher {
  const key = (id: string): Uint8Array => {
    const found = keys.keys[id];
    if (!found)
      throw new StoreError('CRYPTO_KEY_UNKNOWN', phrase`there is no encryption key "${id}"`, {
        hint: phrase`add it to crypto.keys; keys stay until every record was rotated`,
      });
    if (found.length !== 32)
      throw new StoreError('CONFIG_INVALID', phrase`encryption key "${id}" has ${found.length} bytes`, {
        hint: phrase`use 32 random bytes`,
      });
    return found;
  };
  key(keys.current);
  const keyOf = (sealed: Uint8Array): string => {
    const size = sealed[1] ?? 0;
    if (sealed[0] !== FORMAT || sealed.length < 2 + size + NONCE + TAG)
      throw new StoreError('DECRYPT_FAILED', phrase`an encrypted field has not the form of one`, {
        hint: phrase`restore the record`,
      });
    return Buffer.from(sealed.subarray(2, 2 + size)).toString('utf8');
  };
  return {
    current: keys.current,
    keyOf,
    seal(plain, context) {
      const id = Buffer.from(keys.current);
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key(keys.current), nonce);
      cipher.setAAD(context);
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(FORMAT, id.length), id, nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      const id = keyOf(sealed);
      const at = 2 + Buffer.byteLength(id);
      const decipher = createDecipheriv('aes-256-gcm', key(id), sealed.subarray(at, at + NONCE));
      decipher.setAAD(context);
      decipher.setAuthTag(sealed.subarray(at + NONCE, at + NONCE + TAG));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(at + NONCE + TAG)), decipher.final()]);
      } catch (error) {
        throw new StoreError('DECRYPT_FAILED', phrase`an encrypted field was changed, or its key is another one`, {
          hint: phrase`check crypto.keys; else restore the record from a backup`,
          cause: error,
        });
      }
    },
  };
}
