import { contract } from '../contract.ts';
import { number, object, oneOf } from '../schema.ts';

/** What a program is told of the app, the window and the theme. It asks for nothing: the start brought it all along. */
export const baseContract = contract({
  calls: {},
  events: {
    ThemeChange: { theme: oneOf('light', 'dark') },
    /** CSS pixels. */
    WindowResize: {
      size: object({ windowWidth: number(), windowHeight: number(), screenWidth: number(), screenHeight: number() }),
    },
  },
});
