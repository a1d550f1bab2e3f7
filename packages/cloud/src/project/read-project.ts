import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { joinInside, leadsInside } from '@sparrow/core/files';
import type { ProjectConfig } from '@sparrow/protocol';
import { projectConfigSchema } from '@sparrow/protocol/schemas';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { readIfThere } from '../state/atomic-file.ts';
import { readJsonFile } from './parse-json.ts';

/** What the cloud needs to know of a project. */
export interface Project {
  dir: string;
  /** Name of the app in addresses: a DNS label. */
  app: string;
  /** Name as people see it. */
  title: string;
  appid: string;
  config: ProjectConfig;
  /** Absolute folder of the mini program itself: `miniprogramRoot`, or the project's own. */
  clientDir: string;
  /** Absolute folder of the backend; undefined when the project has none. */
  backendDir?: string;
}

/** appid of projects that have none, WeChat's own word for it. */
export const TOURIST_APPID = 'touristappid';

/**
 * Reads project.config.json and sparrow.json of a project.
 *
 * @throws CloudError PROJECT_INVALID, PATH_OUTSIDE_PROJECT.
 */
export function readProject(dir: string): Project {
  const folder = resolve(dir);
  if (!isFolder(folder))
    throw new CloudError('PROJECT_INVALID', phrase`${folder} is not a folder`, {
      hint: phrase`name the folder that holds project.config.json, or run \`sparrow create <dir>\``,
    });
  const official = readJson(join(folder, 'project.config.json'));
  if (official?.compileType === 'game' || isGame(folder))
    throw new CloudError('PROJECT_INVALID', phrase`${folder} is a mini game, and Sparrow runs mini programs`, {
      hint: phrase`a mini game has no pages and draws on a canvas of its own: use the official tool`,
    });
  if (official === undefined && readIfThere(join(folder, 'app.json')) === undefined)
    throw new CloudError('PROJECT_INVALID', phrase`${folder} has neither project.config.json nor app.json`, {
      hint: phrase`name the folder of a mini program, or run \`sparrow create <dir>\``,
    });
  const config = parseConfig(join(folder, 'sparrow.json'));
  const word = (key: string): string | undefined => {
    const value = official?.[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const title = word('projectname') ?? basename(folder);
  const project: Project = {
    dir: folder,
    app: slug(title) ?? slug(basename(folder)) ?? `app-${createHash('sha1').update(folder).digest('hex').slice(0, 8)}`,
    title,
    appid: word('appid') ?? TOURIST_APPID,
    config,
    clientDir: clientOf(folder, word('miniprogramRoot')),
  };
  const backend = config.backend?.dir ?? word('qcloudRoot');
  if (backend === undefined) return project;
  const backendDir = inside(folder, backend, config.backend?.dir ? 'backend.dir of sparrow.json' : 'qcloudRoot');
  if (!isFolder(backendDir)) {
    // WeChat's IDE writes qcloudRoot into projects that have no such folder; only our own word is an order.
    if (!config.backend?.dir) return project;
    throw new CloudError('PROJECT_INVALID', phrase`the backend folder ${backendDir} does not exist`, {
      hint: phrase`correct backend.dir in sparrow.json`,
    });
  }
  return { ...project, backendDir };
}

// game.json alone is the file of a game backend (packages/router).
const isGame = (folder: string): boolean =>
  existsSync(join(folder, 'game.js')) && existsSync(join(folder, 'game.json')) && !existsSync(join(folder, 'app.json'));

/** A root that leaves the project is the compiler's to find fault with. */
function clientOf(folder: string, root = ''): string {
  const full = joinInside(folder, root);
  return full !== undefined && leadsInside(folder, full) && isFolder(full) ? full : folder;
}

/** A path of the configuration as an absolute one that does not leave the project, links followed. */
export function inside(folder: string, path: string, what: string): string {
  const full = joinInside(folder, path);
  if (full === undefined || !leadsInside(folder, full))
    throw new CloudError('PATH_OUTSIDE_PROJECT', phrase`${what} is ${path}, which leaves ${folder}`, {
      hint: phrase`use a path inside the project`,
    });
  return full;
}

function parseConfig(file: string): ProjectConfig {
  const json = readJson(file);
  if (json === undefined) return {};
  const parsed = projectConfigSchema.safeParse(json);
  if (parsed.success) return parsed.data as ProjectConfig;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  throw new CloudError('PROJECT_INVALID', phrase`${file}: ${issues.join('; ')}`, {
    hint: phrase`known fields: backend.dir, backend.command, backend.health, backend.ignore, hosts, domains, plugins`,
  });
}

function readJson(file: string): Record<string, unknown> | undefined {
  const json = readJsonFile(file);
  if (json === undefined) return undefined;
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new CloudError('PROJECT_INVALID', phrase`${file} is no JSON object`, { hint: phrase`it must be {"…": …}` });
  return json as Record<string, unknown>;
}

function slug(name: string): string | undefined {
  const label = decodeURIComponentSafe(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return label === '' ? undefined : label;
}

/** WeChat's IDE percent-encodes the project name. */
function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
