import { type PluginInfo, rootOfFile } from '@sparrow/protocol';

export interface PluginsOptions {
  /** By alias, as app.json lists them. */
  plugins(): Record<string, PluginInfo>;
  /** Runs a module of the package once. @throws what the module throws */
  require(path: string): unknown;
  warn(message: string): void;
}

export interface Plugins {
  /**
   * What the plugin's main module exports. Where the plugin is not here: an object whose functions do nothing, so that the
   * rest of the program goes on.
   *
   * @throws Error for an alias that app.json does not list
   */
  requirePlugin(name: string): unknown;
  /** What the program exports to the plugin that a module belongs to. */
  requireMiniProgram(from: string): unknown;
}

export function createPlugins({ plugins, require, warn }: PluginsOptions): Plugins {
  const inert = new Map<string, unknown>();

  /** Everything that is read of it is a function, which gives nothing; told once for each name. */
  function absent(alias: string): unknown {
    const told = new Set<string>();
    return new Proxy(
      {},
      {
        get(_target, name) {
          // A promise that resolves with the plugin looks for this, and would wait for ever.
          if (typeof name === 'symbol' || name === 'then') return undefined;
          return () => {
            if (!told.has(name)) warn(`${alias}.${name} does nothing: the files of this plugin are not here`);
            told.add(name);
          };
        },
      },
    );
  }

  return {
    requirePlugin(name) {
      const list = plugins();
      const address = String(name).replace(/^plugin(-private)?:\/\//, '');
      const alias = Object.hasOwn(list, address)
        ? address
        : Object.keys(list).find((other) => list[other]?.root === `__plugin__/${address}`);
      const info = alias === undefined ? undefined : list[alias];
      if (alias === undefined || info === undefined) throw new Error(`plugin "${name}" is not listed in app.json`);
      if (info.root !== undefined) return info.main === undefined ? {} : require(info.main);
      if (!inert.has(alias)) inert.set(alias, absent(alias));
      return inert.get(alias);
    },
    requireMiniProgram(from) {
      const root = rootOfFile(from);
      const info = Object.values(plugins()).find((entry) => entry.root !== undefined && entry.root === root);
      return info?.export === undefined ? {} : require(info.export);
    },
  };
}
