/** Parts of swiper that stand in the light DOM as in the original, and what links look like. */
export const containerStyles = `
wx-navigator { display: block; }
.navigator-hover { background-color: rgba(0, 0, 0, .1); opacity: .7; }
:where(.wx-swiper-dots) { position: absolute; display: flex; font-size: 0; }
:where(.wx-swiper-dots[hidden]) { display: none; }
:where(.wx-swiper-dots-horizontal) { left: 50%; bottom: 10px; transform: translateX(-50%); white-space: nowrap; }
:where(.wx-swiper-dots-vertical) { right: 10px; top: 50%; flex-direction: column; transform: translateY(-50%); }
:where(.wx-swiper-dot) { width: 8px; height: 8px; margin-right: 8px; border-radius: 50%; transition: background-color .2s; }
:where(.wx-swiper-dots-vertical .wx-swiper-dot) { margin: 0 0 9px; }
:where(.wx-swiper-dot:last-child) { margin: 0; }
`;
