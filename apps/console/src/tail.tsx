import { type ReactNode, useEffect, useRef } from 'react';

/** A list that stays at its end while it grows, unless somebody scrolled up. */
export function Tail({ count, empty, children }: { count: number; empty: string; children: ReactNode }) {
  const ref = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new entry is the reason to scroll
  useEffect(() => {
    if (ref.current && atEnd.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [count]);
  return (
    <div
      className="tail"
      ref={ref}
      onScroll={({ currentTarget: list }) => {
        atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      }}
    >
      {count === 0 ? <p className="empty">{empty}</p> : children}
    </div>
  );
}
