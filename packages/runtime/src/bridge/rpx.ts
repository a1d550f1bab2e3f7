/** rpx in inline styles follows the same rule as in compiled style sheets. */
export function convertRpx(css: string): string {
  return css.includes('rpx') ? css.replace(/(-?\d*\.?\d+)rpx\b/g, 'calc(var(--rpx) * $1)') : css;
}
