import { TextField } from './text-field.ts';

/** type → keyboard. Source: the input page of the component reference. */
const KEYBOARDS: Record<string, string> = {
  number: 'numeric',
  digit: 'decimal',
  idcard: 'text',
  tel: 'tel',
  'safe-password': 'text',
  nickname: 'text',
};

/** `input`: one line of text. */
export class WxInput extends TextField<HTMLInputElement> {
  constructor() {
    super(
      document.createElement('input'),
      `:host { display: block; height: 1.4rem; min-height: 1.4rem; overflow: hidden }
      input { display: block; box-sizing: border-box; width: 100%; height: 100%; min-height: inherit; margin: 0; padding: 0; border: 0; outline: 0;
      background: transparent; color: inherit; font: inherit; text-align: inherit; letter-spacing: inherit; user-select: text; -webkit-user-select: text }`,
    );
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || this.composing) return;
      this.emit('confirm', { value: this.field.value });
      if (!this.flag('confirm-hold')) this.field.blur();
    });
  }

  protected override attributeGiven(name: string, value: unknown): void {
    super.attributeGiven(name, value);
    if (name !== 'type' && name !== 'password') return;
    const type = this.text('type', 'text');
    this.field.type = this.flag('password') || type === 'safe-password' ? 'password' : 'text';
    this.field.inputMode = KEYBOARDS[type] ?? 'text';
  }
}
