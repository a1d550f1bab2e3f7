import { containerStyles } from './styles/containers.ts';
import { formStyles } from './styles/forms.ts';

/**
 * Default styles of a page and of the built-in components that are only a style. Lengths follow the original's
 * defaults. `hidden` stands last: it is stronger than the display of any component, and weaker than a class of the program.
 */
export const baseStyles = `
html, body { margin: 0; padding: 0; height: 100%; overflow: hidden; }
:host, html { --rpx: calc(100vw / 750); }
:host { display: block; position: absolute; inset: 0; overflow: hidden; }
wx-page { display: block; min-height: 100%; box-sizing: border-box; }
wx-root {
  display: block; position: relative; height: 100%; overflow-x: hidden; overflow-y: auto; box-sizing: border-box;
  font-family: -apple-system, "PingFang SC", "Helvetica Neue", "Noto Sans CJK SC", "Noto Sans SC", Arial, sans-serif;
  font-size: 16px; line-height: 1.4; color: #000; -webkit-text-size-adjust: none; -webkit-tap-highlight-color: transparent;
  user-select: none; -webkit-user-select: none; word-break: break-word; z-index: 1;
}
wx-root.wx-no-scroll { overflow: hidden; }
wx-root::-webkit-scrollbar { display: none; }
wx-view { display: block; }
wx-label { display: inline; }
wx-text { display: inline; white-space: pre-line; }
:where(wx-text[selectable], wx-text[user-select]) { user-select: text; -webkit-user-select: text; }
wx-image { display: inline-block; width: 320px; height: 240px; overflow: hidden; }
wx-block { display: contents; }
wx-button { position: relative; display: block; margin-left: auto; margin-right: auto; padding-left: 14px; padding-right: 14px; box-sizing: border-box; font-size: 18px; line-height: 2.55555556; text-align: center; text-decoration: none; border-radius: 5px; color: #000; background-color: #f8f8f8; overflow: hidden; cursor: pointer; }
wx-button::after { content: " "; position: absolute; top: 0; left: 0; width: 200%; height: 200%; border: 1px solid rgba(0, 0, 0, .2); transform: scale(.5); transform-origin: 0 0; box-sizing: border-box; border-radius: 10px; pointer-events: none; }
wx-button[type="primary"] { color: #fff; background-color: #1aad19; }
wx-button[type="warn"] { color: #fff; background-color: #e64340; }
wx-button[disabled] { color: rgba(0, 0, 0, .3); background-color: #f7f7f7; cursor: default; }
wx-button[disabled][type="primary"] { color: rgba(255, 255, 255, .6); background-color: #9ed99d; }
wx-button[disabled][type="warn"] { color: rgba(255, 255, 255, .6); background-color: #ec8b89; }
wx-button[plain] { color: #353535; border: 1px solid #353535; background-color: transparent; }
wx-button[plain]::after { border-width: 0; }
wx-button[plain][type="primary"] { color: #1aad19; border-color: #1aad19; }
wx-button[plain][type="warn"] { color: #e64340; border-color: #e64340; }
wx-button[size="mini"] { display: inline-block; padding: 0 1.32em; font-size: 13px; line-height: 2.3; }
wx-button[loading]::before { content: " "; display: inline-block; width: 18px; height: 18px; margin-right: 5px; vertical-align: middle; border: 2px solid currentColor; border-right-color: transparent; border-radius: 50%; box-sizing: border-box; animation: wx-spin 1s linear infinite; }
.button-hover { color: rgba(0, 0, 0, .6); background-color: #dedede; }
.button-hover[type="primary"] { color: rgba(255, 255, 255, .6); background-color: #179b16; }
.button-hover[type="warn"] { color: rgba(255, 255, 255, .6); background-color: #ce3c39; }
:where(.wx-v2) wx-button { width: 184px; padding: 8px 24px; font-size: 17px; font-weight: 700; line-height: 1.41176471; border-radius: 4px; color: #06ae56; background-color: #f2f2f2; }
:where(.wx-v2) wx-button::after { border-width: 0; }
:where(.wx-v2) wx-button[type="primary"] { color: #fff; background-color: #07c160; }
:where(.wx-v2) wx-button[type="warn"] { color: #fa5151; background-color: #f2f2f2; }
:where(.wx-v2) wx-button[disabled] { color: rgba(0, 0, 0, .18); background-color: rgba(0, 0, 0, .05); }
:where(.wx-v2) wx-button[plain] { border: 1px solid rgba(53, 53, 53, .2); color: rgba(53, 53, 53, .9); background-color: transparent; }
:where(.wx-v2) wx-button[plain][type="primary"] { border-color: #07c160; color: #07c160; }
:where(.wx-v2) wx-button[size="mini"] { width: auto; padding: 0 .75em; font-size: 16px; line-height: 2; }
@keyframes wx-spin { to { transform: rotate(1turn) } }
wx-pull-indicator { position: absolute; top: 0; left: 0; right: 0; height: 50px; display: flex; align-items: center; justify-content: center; gap: 6px; opacity: 0; z-index: 0; }
wx-pull-indicator i { width: 8px; height: 8px; border-radius: 50%; background: #aaa; }
wx-pull-indicator[data-style="light"] i { background: #fff; }
wx-pull-indicator.wx-active i { animation: wx-pull .9s infinite; }
wx-pull-indicator.wx-active i:nth-child(2) { animation-delay: .15s; }
wx-pull-indicator.wx-active i:nth-child(3) { animation-delay: .3s; }
@keyframes wx-pull { 0%, 100% { opacity: .3 } 40% { opacity: 1 } }
wx-rich-text { display: block; }
:where(.wx-rich-text) img { max-width: 100%; }
${formStyles}${containerStyles}
wx-root :where([hidden]) { display: none; }
`;
