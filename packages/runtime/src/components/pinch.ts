/** Follows two fingers, or a wheel turned with the control key as trackpads report a pinch. */
export interface PinchOptions {
  /** False lets the fingers pass. */
  begin(): boolean;
  /** `ratio`: how far apart the fingers are now, to how far they were. */
  pinch(ratio: number): void;
  end(): void;
}

export function installPinch(element: HTMLElement, options: PinchOptions): void {
  const fingers = new Map<number, { x: number; y: number }>();
  let apart = 0;
  const distance = (): number => {
    const [a, b] = [...fingers.values()];
    return a && b ? Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) : 0;
  };
  element.addEventListener('pointerdown', (event) => {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2 && options.begin()) apart = distance();
  });
  element.addEventListener('pointermove', (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (apart > 0) options.pinch(distance() / apart);
  });
  const up = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId) || apart === 0) return;
    apart = 0;
    options.end();
  };
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', up);
  element.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey || !options.begin()) return;
      event.preventDefault();
      event.stopPropagation();
      options.pinch(Math.exp(-event.deltaY / 200));
      options.end();
    },
    { passive: false },
  );
}
