import { join } from 'node:path';
import type { Clock } from '@sparrow/core';
import { PATHS } from '@sparrow/protocol';
import { openDatabase } from '../db/open-database.ts';
import { createFileStore } from '../files/file-store.ts';
import { createGameService } from '../game/game-service.ts';
import type { Project } from '../project/read-project.ts';
import { createRecordService } from '../records/record-service.ts';
import { createSessionService } from '../session/session-service.ts';
import { createWeChat } from '../session/wechat.ts';
import type { WeChatExchangeOptions } from '../session/wechat-exchange.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { Closers } from './closers.ts';
import type { Doors } from './doors.ts';

export interface ServicesOptions {
  project: Project;
  env: string;
  state: StateFolder;
  doors: Doors;
  clock: Clock;
  /** Codes are exchanged with WeChat itself. */
  wechat: Omit<WeChatExchangeOptions, 'timeoutMs'> | undefined;
  sessionTtlSeconds: number | undefined;
  maxFileBytes: number | undefined;
}

/** What a backend and its clients use: users and their sessions, files, records, the view on a game. */
export function openServices(options: ServicesOptions, closers: Closers) {
  const { project, env, state, doors, clock, wechat } = options;
  const { app } = project;
  const db = openDatabase(join(state.path, 'control.db'));
  closers.add(() => db.destroy());
  // Data that WeChat encrypts carries the appid it was made for.
  const appid = wechat?.appid ?? project.appid;
  const { users, exchange } = createWeChat({
    ...{ db, appid, clock },
    avatarBase: () => doors.clientBase + PATHS.avatars,
    real: wechat,
  });
  const sessions = createSessionService({
    ...{ db, appid, exchange, clock },
    app: `${app}/${env}`,
    ttlSeconds: options.sessionTtlSeconds,
  });
  const files = createFileStore({
    dir: state.appFolder(app, env, 'files'),
    clock,
    maxBytes: options.maxFileBytes,
  });
  const records = createRecordService({
    ...{ app, env },
    dir: join(state.path, 'store'),
    backendDir: project.backendDir,
    token: doors.tokens.backend,
  });
  closers.add(() => records.close());
  const game = createGameService({ dir: project.dir });
  closers.add(() => game.close());
  return { appid, users, sessions, files, records, game };
}
