/**
 * The signs of checkbox, radio and switch, which stand in the light DOM as in the original; ticks are the `::before` that
 * programs replace there.
 */
export const formStyles = `
wx-form, wx-checkbox-group, wx-radio-group, wx-picker { display: block; }
wx-checkbox, wx-radio, wx-switch { display: inline-block; -webkit-tap-highlight-color: transparent; }
:where(.wx-checkbox-input, .wx-radio-input) { position: relative; display: inline-flex; align-items: center; justify-content: center; box-sizing: border-box; width: 24px; height: 24px; margin-right: 5px; vertical-align: middle; border: 1px solid #d1d1d1; background-color: #fff; color: #09bb07; }
:where(.wx-checkbox-input) { border-radius: 3px; }
:where(.wx-radio-input) { border-radius: 50%; }
:where(.wx-checkbox-input-checked, .wx-radio-input-checked)::before { content: "\\2713"; font-size: 18px; font-weight: 700; line-height: 1; }
:where(.wx-radio-input-checked) { border-color: currentColor; background-color: currentColor; }
:where(.wx-radio-input-checked, .wx-v2 .wx-checkbox-input-checked)::before { color: #fff; }
:where(.wx-checkbox-input[disabled], .wx-radio-input[disabled]) { background-color: #e1e1e1; border-color: #d1d1d1; color: #adadad; }
:where(.wx-v2 .wx-checkbox-input) { border-radius: 50%; border-color: rgba(0, 0, 0, .3); color: #07c160; }
:where(.wx-v2 .wx-checkbox-input-checked) { border-color: currentColor; background-color: currentColor; }
:where(.wx-v2 .wx-radio-input) { border-color: rgba(0, 0, 0, .3); color: #07c160; }
:where(.wx-v2 .wx-radio-input-checked) { border-color: currentColor; }
:where(.wx-v2 :is(.wx-checkbox-input, .wx-radio-input)[disabled]) { opacity: .4; }
:where(.wx-switch-input) { position: relative; display: inline-block; box-sizing: border-box; width: 52px; height: 32px; margin-right: 5px; vertical-align: middle; border: 1px solid #dfdfdf; border-radius: 16px; background-color: #dfdfdf; transition: background-color .1s; }
:where(.wx-switch-input)::before { content: " "; position: absolute; top: 0; left: 0; width: 50px; height: 30px; border-radius: 15px; background-color: #fdfdfd; transition: transform .3s; }
:where(.wx-switch-input)::after { content: " "; position: absolute; top: 0; left: 0; width: 30px; height: 30px; border-radius: 15px; background-color: #fff; box-shadow: 0 1px 3px rgba(0, 0, 0, .4); transition: transform .3s; }
:where(.wx-switch-input-checked) { border-color: #04be02; background-color: #04be02; }
:where(.wx-v2 .wx-switch-input-checked) { border-color: #07c160; background-color: #07c160; }
:where(.wx-switch-input-checked)::before { transform: scale(0); }
:where(.wx-switch-input-checked)::after { transform: translateX(20px); }
:where(.wx-switch-input[disabled]) { opacity: .7; }
`;
