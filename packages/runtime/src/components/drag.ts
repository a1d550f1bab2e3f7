/** Distance after which a pressed pointer drags. CSS pixels. */
const CLAIM_DISTANCE = 5;

export interface DragMove {
  /** From where the pointer went down, CSS pixels. */
  dx: number;
  dy: number;
  /** Pixels a millisecond, of the last moves. */
  vx: number;
  vy: number;
}

export interface DragOptions {
  /** Which first direction claims the pointer. */
  axis: 'x' | 'y' | 'both';
  /** False lets the pointer pass; asked when it goes down. */
  begin(event: PointerEvent): boolean;
  move(move: DragMove, event: PointerEvent): void;
  end(move: DragMove, cancelled: boolean): void;
}

/**
 * Follows one pointer. The innermost element whose direction fits claims it: outer ones, and the page's own pull-down, do not
 * see its moves from then on.
 */
export function installDrag(element: HTMLElement, options: () => DragOptions): void {
  let pointer: number | undefined;
  let claimed = false;
  let start = { x: 0, y: 0 };
  let last = { x: 0, y: 0, time: 0 };
  let current: DragMove = { dx: 0, dy: 0, vx: 0, vy: 0 };

  element.addEventListener('pointerdown', (event) => {
    if (pointer !== undefined || event.button !== 0 || !options().begin(event)) return;
    pointer = event.pointerId;
    claimed = false;
    start = { x: event.clientX, y: event.clientY };
    last = { ...start, time: event.timeStamp };
    current = { dx: 0, dy: 0, vx: 0, vy: 0 };
    // A finger keeps its target by itself; a mouse that is quick would leave it before it has claimed anything.
    capture(event.composedPath()[0] as Element, event.pointerId);
  });
  element.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointer) return;
    const dx = event.clientX - start.x;
    const dy = event.clientY - start.y;
    if (!claimed) {
      if (Math.hypot(dx, dy) < CLAIM_DISTANCE) return;
      const { axis } = options();
      const fits = axis === 'both' || (axis === 'x') === Math.abs(dx) >= Math.abs(dy);
      if (!fits) {
        pointer = undefined;
        return;
      }
      claimed = true;
      capture(element, event.pointerId);
    }
    event.stopPropagation();
    const elapsed = Math.max(1, event.timeStamp - last.time);
    current = { dx, dy, vx: (event.clientX - last.x) / elapsed, vy: (event.clientY - last.y) / elapsed };
    last = { x: event.clientX, y: event.clientY, time: event.timeStamp };
    options().move(current, event);
  });
  const finish = (event: PointerEvent): void => {
    if (event.pointerId !== pointer) return;
    pointer = undefined;
    if (claimed) options().end(current, event.type === 'pointercancel');
    claimed = false;
  };
  element.addEventListener('pointerup', finish);
  element.addEventListener('pointercancel', finish);
}

function capture(element: Element, pointer: number): void {
  try {
    element.setPointerCapture(pointer);
  } catch {
    // A synthetic pointer cannot be captured.
  }
}
