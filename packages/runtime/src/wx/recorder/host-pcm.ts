type Samples = Int16Array<ArrayBuffer>;

/** Samples of some channels, one after the other of each, as 16 bits. */
export function toPcm(channels: readonly Float32Array[]): Samples {
  const [first] = channels;
  const length = first?.length ?? 0;
  const samples = new Int16Array(length * channels.length);
  for (let at = 0; at < length; at++)
    channels.forEach((channel, index) => {
      const value = Math.max(-1, Math.min(1, channel[at] ?? 0));
      samples[at * channels.length + index] = Math.round(value * (value < 0 ? 0x8000 : 0x7fff));
    });
  return samples;
}

/** The head of a WAV file with this many bytes of 16-bit samples. */
export function wavHead(size: number, rate: number, channels: number): ArrayBuffer {
  const head = new DataView(new ArrayBuffer(44));
  const text = (at: number, letters: string): void => {
    for (let index = 0; index < letters.length; index++) head.setUint8(at + index, letters.charCodeAt(index));
  };
  text(0, 'RIFF');
  head.setUint32(4, 36 + size, true);
  text(8, 'WAVEfmt ');
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, channels, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, rate * channels * 2, true);
  head.setUint16(32, channels * 2, true);
  head.setUint16(34, 16, true);
  text(36, 'data');
  head.setUint32(40, size, true);
  return head.buffer;
}
