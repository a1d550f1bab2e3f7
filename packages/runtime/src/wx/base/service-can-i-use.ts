import { BUILTIN_COMPONENTS } from '@sparrow/protocol';

/** Parts of `api.part…` that every function has. Source: wx.canIUse of the API reference. */
const PARTS = new Set(['object', 'return', 'success', 'callback', 'fail', 'complete']);

/** Methods of the objects that are not functions on `wx`. */
const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  console: ['debug', 'log', 'info', 'warn', 'error'],
  SocketTask: ['send', 'close', 'onOpen', 'onClose', 'onError', 'onMessage'],
  RequestTask: ['abort', 'onHeadersReceived', 'offHeadersReceived', 'onChunkReceived', 'offChunkReceived'],
  UploadTask: ['abort', 'onProgressUpdate', 'offProgressUpdate', 'onHeadersReceived', 'offHeadersReceived'],
  DownloadTask: ['abort', 'onProgressUpdate', 'offProgressUpdate', 'onHeadersReceived', 'offHeadersReceived'],
  SelectorQuery: ['exec', 'in', 'select', 'selectAll', 'selectViewport'],
  NodesRef: ['boundingClientRect', 'context', 'fields', 'node', 'scrollOffset'],
  IntersectionObserver: ['disconnect', 'observe', 'relativeTo', 'relativeToViewport'],
  MediaQueryObserver: ['disconnect', 'observe'],
  UpdateManager: ['applyUpdate', 'onCheckForUpdate', 'onUpdateFailed', 'onUpdateReady'],
  EventChannel: ['emit', 'off', 'on', 'once'],
};

/**
 * Whether a schema names something that is there: `request`, `getSystemInfo.success.theme`, `view.hover-class`,
 * `SocketTask.onOpen`. Of options and attributes only the shape is looked at.
 */
export function canIUse(schema: unknown, has: (name: string) => boolean): boolean {
  if (typeof schema !== 'string' || schema === '') return false;
  const [name = '', part, option] = schema.split('.');
  if (has(name)) return part === undefined || (PARTS.has(part) && option !== '');
  if (Object.hasOwn(OBJECTS, name)) return part === undefined || (OBJECTS[name]?.includes(part) ?? false);
  return Object.hasOwn(BUILTIN_COMPONENTS, name) && BUILTIN_COMPONENTS[name] === true && part !== '';
}
