import type { TouchPoint, ViewEvent } from '@sparrow/protocol';
import * as glassEasel from 'glass-easel';
import { copyPlain } from './definitions.ts';

/** Events that were made of those of the view. */
const viewEvents = new WeakMap<object, ViewEvent>();

/** A framework event made of a view event. */
export function createEvent(event: ViewEvent): glassEasel.Event<unknown> {
  const fields: { touches?: TouchPoint[]; changedTouches?: TouchPoint[] } = {};
  if (event.touches) fields.touches = event.touches;
  if (event.changedTouches) fields.changedTouches = event.changedTouches;
  const made = new glassEasel.Event(event.type, event.detail, {
    bubbles: event.bubbles,
    composed: event.composed,
    capturePhase: true,
    extraFields: fields,
  });
  made.timeStamp = event.timeStamp;
  viewEvents.set(made, event);
  return made;
}

interface Target {
  id: string;
  dataset: unknown;
  offsetLeft?: number;
  offsetTop?: number;
}

interface RawEvent {
  type: string;
  timeStamp: number;
  detail: unknown;
  extraFields?: Record<string, unknown>;
  stopPropagation(): void;
  preventDefault(): void;
  markMutated(): void;
}

/**
 * The event object a handler gets: plain data as in WeChat, so that it can be logged, kept and sent on.
 * The three control methods are there for the framework, out of sight of JSON and for-in.
 */
class MiniProgramEvent {
  type: string;
  timeStamp: number;
  target: Target;
  currentTarget: Target;
  mark: Record<string, unknown>;
  detail: unknown;
  [key: string]: unknown;

  constructor(raw: RawEvent, target: Target, current: Target, mark: Record<string, unknown> | null) {
    this.type = raw.type;
    this.timeStamp = raw.timeStamp;
    this.target = target;
    this.currentTarget = current;
    this.mark = { ...mark };
    this.detail = raw.detail;
    Object.assign(this, raw.extraFields);
    // The one event that is told by two names: `begin` and `end`. Source: the map page of the component reference.
    if (raw.type === 'regionchange' && typeof raw.detail === 'object') {
      const { type, causedBy } = raw.detail as { type?: string; causedBy?: string };
      if (type) Object.assign(this, { type, causedBy });
    }
    for (const name of ['stopPropagation', 'preventDefault', 'markMutated'] as const)
      Object.defineProperty(this, name, { enumerable: false, value: () => raw[name]() });
  }
}

function targetOf(element: { id?: string; dataset?: unknown }, raw: object): Target {
  const target: Target = { id: element.id ?? '', dataset: copyPlain(element.dataset ?? {}) };
  // Layout of the target comes with the view event; other targets have none.
  const offset = viewEvents.get(raw)?.offset;
  if (offset) [target.offsetLeft, target.offsetTop] = offset;
  return target;
}

let installed = false;

/** Gives events of the framework the shape above. Once for the realm, since the framework's Event class is. */
export function installEventShape(): void {
  if (installed) return;
  installed = true;
  const prototype = glassEasel.Event.prototype as unknown as {
    wrapShadowedEvent(target: never, mark: Record<string, unknown> | null, current: never): unknown;
  };
  prototype.wrapShadowedEvent = function (this: RawEvent, target, mark, current) {
    const currentTarget = targetOf(current, this);
    const shown = target === current ? currentTarget : targetOf(target, this);
    const event = new MiniProgramEvent(this, shown, currentTarget, mark);
    // For those who call the handlers, out of sight of JSON and for-in.
    const { _$: component } = current as { _$?: unknown };
    Object.defineProperty(event, 'currentElement', { enumerable: false, value: component ?? current });
    Object.defineProperty(event, 'viewEvent', { enumerable: false, value: viewEvents.get(this) });
    return event;
  };
}
