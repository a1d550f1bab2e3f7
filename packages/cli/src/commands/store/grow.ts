import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Phrase } from '@sparrow/core';
import type { ErrorBody } from '@sparrow/protocol';
import { type Growth, type LmdbEngine, StoreError } from '@sparrow/store';
import { phrase } from '../../phrase.ts';
import type { StoreContext } from './context.ts';

/** Told of after so many rows. */
const TELL_ROWS = 50_000;

/**
 * Brings a store to shards: in this process when nobody else has it open, else in the one that serves it, while it
 * serves.
 */
export async function grow(context: StoreContext, meta: string, shards: readonly string[]): Promise<Growth> {
  let told = 0;
  const onProgress = ({ copied, waiting }: { copied: number; waiting: number }): void => {
    if (copied - told < TELL_ROWS) return;
    told = copied;
    context.io.say(phrase`  ${copied} rows copied, ${waiting} changes wait`);
  };
  try {
    return await growHere(context.dir, meta, shards, onProgress);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_IN_USE') throw error;
    const running = await whoServes(context.dir);
    if (!running) throw error;
    context.io.say(phrase`  ${running.url} has the store open: it grows there`);
    return growThere(running, meta, shards, onProgress);
  }
}

async function growHere(
  dir: string,
  meta: string,
  shards: readonly string[],
  onProgress: (progress: { copied: number; waiting: number }) => void,
): Promise<Growth> {
  const { changeStoreConfig, createShardsEngine, growToShards, openEngine } = await import('@sparrow/store');
  const from = await openEngine(dir);
  try {
    if (from.kind !== 'lmdb')
      throw new StoreError('CONFIG_INVALID', phrase`this store has grown already`, {
        hint: phrase`see \`sparrow store shards status\``,
      });
    const to = await createShardsEngine({
      meta,
      slots: from.slots,
      shards: shards.map((url, i) => ({ id: `s${i}`, url })),
    });
    try {
      return await growToShards({
        from: from as LmdbEngine,
        to,
        // This process is the store's only writer, so there is nobody to hold.
        hold: async () => () => {},
        onSwitch: () => changeStoreConfig(dir, { meta }),
        onProgress,
      });
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

interface Running {
  url: string;
  token: string;
}

/** The `sparrow dev` that runs on the folder above `.sparrow/store`. */
async function whoServes(dir: string): Promise<Running | undefined> {
  const state = dirname(dir);
  if (basename(state) !== '.sparrow') return undefined;
  const { readRun } = await import('@sparrow/cloud');
  const run = readRun(dirname(state));
  if (!run) return undefined;
  return { url: run.url, token: readFileSync(join(state, 'token'), 'utf8').trim() };
}

async function growThere(
  { url, token }: Running,
  meta: string,
  shards: readonly string[],
  onProgress: (progress: { copied: number; waiting: number }) => void,
): Promise<Growth> {
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const response = await fetch(new URL(`/api/v1/store/${path}`, url), {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
    const answer = (await response.json()) as T & Partial<ErrorBody>;
    if (!response.ok) throw refusal(response.status, answer.error);
    return answer;
  };
  await call('grow', { meta, shards });
  for (;;) {
    await sleep(200);
    const { growth } = await call<{
      growth: { copied: number; waiting: number; done?: Growth; error?: string };
    }>('shards');
    onProgress(growth);
    if (growth.done) return growth.done;
    if (growth.error !== undefined)
      throw new StoreError('VERIFY_FAILED', growth.error, { hint: phrase`the embedded store stays in use; try again` });
  }
}

/** What the process that serves the store said no with. */
function refusal(status: number, error: ErrorBody['error'] | undefined): StoreError {
  if (!error) return new StoreError('CONFIG_INVALID', phrase`it answers ${status}`, { hint: phrase`look at its log` });
  const { message, hint, chinese } = error;
  return new StoreError('CONFIG_INVALID', new Phrase(message, chinese?.meaning), {
    hint: new Phrase(hint, chinese?.fix),
  });
}
