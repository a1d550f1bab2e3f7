import type { NodeId, TouchPoint } from '@sparrow/protocol';

export interface GestureOptions {
  /** Where the listeners are put. */
  target: ShadowRoot | HTMLElement;
  root: HTMLElement;
  idAt(node: Node | null): NodeId;
  listens(type: string): boolean;
  emit(
    node: NodeId,
    type: string,
    detail: unknown,
    more: { bubbles: true; composed: true; touches: TouchPoint[]; changedTouches: TouchPoint[] },
  ): void;
}

/** A finger that moves further is not a tap. CSS pixels. */
const TAP_DISTANCE = 10;
/** Source: longpress "350 ms" in the events chapter of the guide. */
const LONGPRESS_MS = 350;

interface Press {
  node: Node;
  x: number;
  y: number;
  moved: boolean;
  long: boolean;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * Makes touch, tap and longpress events of pointer input. The DOM's own `click` is never forwarded: mini programs have only
 * `tap`, and both would fire. Touch input gives touch events directly, a mouse is one finger.
 */
export function installGestures(options: GestureOptions): void {
  const { target, idAt, emit, listens } = options;
  const presses = new Map<number, Press>();
  const touches = new Map<number, TouchPoint>();

  function send(node: Node, type: string, changed: TouchPoint[], detail: unknown): void {
    if (!listens(type)) return;
    emit(idAt(node), type, detail, {
      bubbles: true,
      composed: true,
      touches: [...touches.values()],
      changedTouches: changed,
    });
  }

  function down(node: Node, point: TouchPoint): void {
    touches.set(point.identifier, point);
    const press: Press = {
      node,
      x: point.clientX,
      y: point.clientY,
      moved: false,
      long: false,
      timer: setTimeout(() => {
        press.long = listens('longpress');
        const at = { x: press.x, y: press.y };
        send(node, 'longpress', [point], at);
        send(node, 'longtap', [point], at);
      }, LONGPRESS_MS),
    };
    presses.set(point.identifier, press);
    send(node, 'touchstart', [point], {});
  }
  function move(point: TouchPoint): void {
    const press = presses.get(point.identifier);
    if (!press) return;
    touches.set(point.identifier, point);
    if (Math.hypot(point.clientX - press.x, point.clientY - press.y) > TAP_DISTANCE) {
      press.moved = true;
      clearTimeout(press.timer);
    }
    send(press.node, 'touchmove', [point], {});
  }
  function up(point: TouchPoint, cancelled: boolean): void {
    const press = presses.get(point.identifier);
    presses.delete(point.identifier);
    touches.delete(point.identifier);
    if (!press) return;
    clearTimeout(press.timer);
    send(press.node, cancelled ? 'touchcancel' : 'touchend', [point], {});
    if (!cancelled && !press.moved && !press.long) {
      // A component that is disabled swallows the tap.
      const tap = new CustomEvent('wxtap', { bubbles: true, composed: true, cancelable: true });
      if (press.node.dispatchEvent(tap)) send(press.node, 'tap', [point], { x: point.pageX, y: point.pageY });
    }
  }

  const pointOf = (event: { clientX: number; clientY: number }, identifier: number, force: number): TouchPoint => ({
    identifier,
    clientX: event.clientX,
    clientY: event.clientY,
    pageX: event.clientX + options.root.scrollLeft,
    pageY: event.clientY + options.root.scrollTop,
    force,
  });
  const origin = (event: Event): Node => (event.composedPath()[0] as Node | undefined) ?? options.root;

  const listen = (type: string, handler: (event: never) => void): void =>
    target.addEventListener(type, handler as EventListener, { passive: true, capture: true });
  let lastTouch = 0;
  const each = (event: TouchEvent, run: (point: TouchPoint) => void): void => {
    lastTouch = event.timeStamp;
    for (const touch of Array.from(event.changedTouches)) run(pointOf(touch, touch.identifier, touch.force));
  };
  listen('touchstart', (event: TouchEvent) => each(event, (point) => down(origin(event), point)));
  listen('touchmove', (event: TouchEvent) => each(event, move));
  listen('touchend', (event: TouchEvent) => each(event, (point) => up(point, false)));
  listen('touchcancel', (event: TouchEvent) => each(event, (point) => up(point, true)));

  // Browsers make mouse events out of touches, too; those within this time of a touch are not the mouse's. Milliseconds.
  const emulated = (event: Event): boolean => lastTouch > 0 && event.timeStamp - lastTouch < 1_000;
  listen('mousedown', (event: MouseEvent) => {
    if (event.button === 0 && !emulated(event)) down(origin(event), pointOf(event, 0, 1));
  });
  listen('mousemove', (event: MouseEvent) => {
    if (event.buttons & 1 && !emulated(event)) move(pointOf(event, 0, 1));
  });
  listen('mouseup', (event: MouseEvent) => {
    if (event.button === 0 && !emulated(event)) up(pointOf(event, 0, 0), false);
  });
  for (const type of ['transitionend', 'animationstart', 'animationiteration', 'animationend'])
    listen(type, (event: TransitionEvent | AnimationEvent) => {
      const detail = { elapsedTime: event.elapsedTime };
      if (listens(type))
        emit(idAt(origin(event)), type, detail, { bubbles: true, composed: true, touches: [], changedTouches: [] });
    });
}
