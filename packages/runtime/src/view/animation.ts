/**
 * Plays what arrives in the attribute `animation`: the export of wx.createAnimation (`actions`), or a call of
 * `this.animate` (`keyframes`) or `this.clearAnimation` (`clear`). Web Animations stand above inline styles, so a later
 * change of `style` does not break them.
 */
interface Action {
  animates: { type: string; args: unknown[] }[];
  option: { transformOrigin?: string; transition?: { duration?: number; timingFunction?: string; delay?: number } };
}
type Value = { actions?: Action[]; keyframes?: Record<string, unknown>[]; duration?: number; clear?: true | string[] };

/** Marks our animations among those of the page's style sheets. */
const OURS = 'sparrow';

/** @returns false when the value is none of ours and is an attribute like any other. */
export function playAnimation(element: HTMLElement, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === undefined;
  const { actions, keyframes, duration, clear } = value as Value;
  if (Array.isArray(actions)) void playActions(element, actions);
  else if (Array.isArray(keyframes)) playKeyframes(element, keyframes, Number(duration) || 0);
  else if (clear) for (const animation of ours(element)) animation.cancel();
  return true;
}

function ours(element: HTMLElement): Animation[] {
  return element.getAnimations().filter((animation) => animation.id === OURS);
}

async function playActions(element: HTMLElement, actions: Action[]): Promise<void> {
  // The element may not be in the document yet.
  await Promise.resolve();
  for (const { animates, option } of actions) {
    const before = ours(element);
    const { duration = 400, timingFunction = 'linear', delay = 0 } = option?.transition ?? {};
    const animation = start(element, [frameOf(animates, option?.transformOrigin)], duration, {
      easing: easing(timingFunction),
      delay,
    });
    if (!animation || !(await finished(animation))) return;
    // This step holds all that the steps before it did.
    for (const old of before) old.cancel();
    element.dispatchEvent(new TransitionEvent('transitionend', { bubbles: true, elapsedTime: duration / 1000 }));
  }
}

function playKeyframes(element: HTMLElement, keyframes: Record<string, unknown>[], duration: number): void {
  start(element, keyframes.map(keyframe), duration, {});
}

function start(
  element: HTMLElement,
  frames: Keyframe[],
  duration: number,
  more: KeyframeAnimationOptions,
): Animation | undefined {
  try {
    return element.animate(frames, { id: OURS, duration, fill: 'forwards', ...more });
  } catch {
    return undefined; // Values CSS does not know; the original ignores them, too.
  }
}

async function finished(animation: Animation): Promise<boolean> {
  return animation.finished.then(
    () => true,
    () => false,
  );
}

function easing(name: string): string {
  return name === 'step-start' || name === 'step-end' || CSS.supports('transition-timing-function', name)
    ? name
    : 'linear';
}

function frameOf(animates: Action['animates'], origin = '50% 50% 0'): Keyframe {
  const frame: Keyframe = { transformOrigin: origin };
  const transforms: string[] = [];
  for (const { type, args } of animates)
    if (type === 'style') frame[camel(String(args[0]))] = String(args[1]);
    else transforms.push(transform(type, args));
  if (transforms.length > 0) frame.transform = transforms.join(' ');
  return frame;
}

const NO_STYLE = new Set(['offset', 'ease', 'composite', 'transformOrigin']);

function keyframe(given: Record<string, unknown>): Keyframe {
  const frame: Keyframe = {};
  if (typeof given.offset === 'number') frame.offset = given.offset;
  if (typeof given.ease === 'string') frame.easing = easing(given.ease);
  if (typeof given.transformOrigin === 'string') frame.transformOrigin = given.transformOrigin;
  const transforms: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (NO_STYLE.has(name)) continue;
    if (TRANSFORM.test(name)) transforms.push(transform(name, Array.isArray(value) ? value : [value]));
    else frame[camel(name)] = typeof value === 'number' && LENGTH.test(name) ? `${value}px` : String(value);
  }
  if (transforms.length > 0) frame.transform = transforms.join(' ');
  return frame;
}

const TRANSFORM = /^(matrix|rotate|scale|skew|translate)(3d|X|Y|Z)?$/;
const LENGTH = /^(width|height|left|top|right|bottom)$/;

/** A CSS transform function; bare numbers get the unit their function needs. */
function transform(type: string, args: unknown[]): string {
  const unit = type.startsWith('translate') ? 'px' : /^(rotate|skew)/.test(type) ? 'deg' : '';
  const units = args.map((arg, index) => {
    if (typeof arg !== 'number') return String(arg);
    return type === 'rotate3d' && index < 3 ? String(arg) : `${arg}${unit}`;
  });
  // WeChat's rotate3d and skew take what CSS takes.
  return `${type}(${units.join(', ')})`;
}

function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
