/**
 * The two movements of things that were let go: a spring that pulls to a place without swinging over it, and a slide that
 * friction ends. Both are formulas of the time, so that a slow machine shows fewer frames of the same movement.
 */

/** Where something is. CSS pixels. */
export interface Place {
  x: number;
  y: number;
}
/** Gives the place after so many seconds, and whether it rests there. */
export type Movement = (seconds: number) => Place & { rests: boolean };

/** Near enough to rest. CSS pixels. */
const RESTS = 0.5;

/** The larger `damping`, the faster. `speed` in CSS pixels a second. */
export function springTo(from: Place, target: Place, speed: Place, damping: number): Movement {
  // Overdamped: two decays whose sum begins at the place with the speed.
  const fast = -0.66 * damping;
  const slow = -0.34 * damping;
  const decay = (distance: number, velocity: number) => {
    const b = (velocity - slow * distance) / (fast - slow);
    const a = distance - b;
    return (seconds: number): number => a * Math.exp(slow * seconds) + b * Math.exp(fast * seconds);
  };
  const x = decay(from.x - target.x, speed.x);
  const y = decay(from.y - target.y, speed.y);
  return (seconds) => {
    const [dx, dy] = [x(seconds), y(seconds)];
    // At the very start it may be at the place and still fast.
    const rests = seconds > 0.05 && Math.hypot(dx, dy) < RESTS;
    return rests ? { ...target, rests } : { x: target.x + dx, y: target.y + dy, rests };
  };
}

/** Slows down evenly: by `friction` times this many CSS pixels a second, each second. */
const SLOWING = 1000;

export function slideFrom(from: Place, speed: Place, friction: number): Movement {
  const total = Math.hypot(speed.x, speed.y);
  const slowing = friction * SLOWING;
  const duration = total / slowing;
  return (seconds) => {
    const t = Math.min(seconds, duration);
    const way = total * t - (slowing * t * t) / 2;
    const share = total > 0 ? way / total : 0;
    return { x: from.x + speed.x * share, y: from.y + speed.y * share, rests: seconds >= duration };
  };
}
