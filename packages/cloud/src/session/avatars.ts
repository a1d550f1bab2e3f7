import { createHash } from 'node:crypto';

/**
 * A picture for a user of the fake WeChat: a small bird whose colours follow from the name, so that it is the same on every machine.
 *
 * @returns an SVG document of 200 × 200.
 */
export function avatarSvg(user: string): string {
  const hash = createHash('sha256').update(user).digest();
  const hue = ((hash[0] ?? 0) * 256 + (hash[1] ?? 0)) % 360;
  const wing = (hue + 20) % 360;
  const flip = (hash[2] ?? 0) % 2 === 1 ? ' transform="translate(200 0) scale(-1 1)"' : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 200 200">
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="hsl(${hue} 78% 80%)"/><stop offset="1" stop-color="hsl(${(hue + 40) % 360} 72% 64%)"/></linearGradient></defs>
<rect width="200" height="200" fill="url(#g)"/>
<g${flip}>
<path d="M52 112c0-34 24-58 56-58 30 0 50 20 50 48 0 36-28 58-60 58-28 0-46-20-46-48z" fill="#fff"/>
<path d="M44 98l-24-16 6 34 30 14z" fill="hsl(${wing} 55% 45%)"/>
<path d="M62 108c10-16 40-18 52 0 4 22-14 36-30 34-14-2-24-14-22-34z" fill="hsl(${wing} 60% 58%)"/>
<circle cx="130" cy="88" r="7" fill="#2b2b33"/><circle cx="132.500" cy="85.500" r="2" fill="#fff"/>
<circle cx="141" cy="107" r="8" fill="hsl(${(hue + 350) % 360} 90% 82%)" opacity=".8"/>
<path d="M154 90l26 8-25 10c4-6 4-12-1-18z" fill="#f7a531"/>
</g>
</svg>
`;
}
