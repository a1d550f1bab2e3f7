import { type Channel, emitOn, receive } from '@sparrow/runtime/bridge';
import { createDispatcher, createHosts, createPermissions, type Phone } from '@sparrow/runtime/native';
import type { Opening, Presence } from './launch.ts';
import type { Packages } from './packages.ts';

export interface AbilitiesOptions
  extends Pick<
    Phone,
    'relay' | 'files' | 'userFiles' | 'storage' | 'screen' | 'pages' | 'developer' | 'language' | 'surroundings'
  > {
  /** To the logic layer. */
  service: Channel;
  packages: Packages;
  start: Opening;
  presence: Presence;
}

/** What the program can ask of its phone: the host halves of `wx`, and the check before them. */
export interface Abilities {
  readonly phone: Phone;
  /** A view has made a call. */
  dispatch(channel: Channel, pageId: number, name: string, id: number, params: unknown): void;
  close(): void;
}

export function createAbilities(options: AbilitiesOptions): Abilities {
  const { service, packages, start, presence, screen, language } = options;
  const { relay, files, userFiles, storage, pages, developer, surroundings } = options;
  const ends: (() => void)[] = [];
  const phone: Phone = {
    ...{ relay, files, userFiles, storage, screen, pages, developer, language, surroundings },
    permissions: createPermissions(screen, language, () => packages.manifest.app.permission),
    program: {
      get manifest() {
        return packages.manifest;
      },
      launch: start.options,
      async loadPackage(root) {
        await packages.loadStyles(root);
        return packages.loadService(root);
      },
      exit: presence.exit,
    },
    abort: (id) => dispatcher.abort(service, id),
    emit: (event, data) => emitOn(service, 'native', event, data),
    onClose: (end) => ends.push(end),
  };
  const hosts = createHosts(phone);
  const dispatcher = createDispatcher(hosts.handlers, undefined, hosts.loading);
  receive(service, { invoke: (name, id, params) => dispatcher.dispatch(service, 0, name, id, params) });
  return {
    phone,
    dispatch: dispatcher.dispatch,
    close() {
      dispatcher.close();
      for (const end of ends) end();
    },
  };
}
