import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import { type audioContract, BACKGROUND_PLAYER } from './contract.ts';
import { createPlayer, type Player, type PlayerSettings } from './host-player.ts';

/** Players of one program; a forgotten `destroy` in a loop must not take the browser down. */
const MAX_PLAYERS = 64;

export function createAudioHost(phone: Phone): HostHalf<typeof audioContract> {
  const players = new Map<number, Player>();
  const load = (src: string): Promise<Blob> => phone.files.openMedia(src, 'audio/*');

  function playerOf(audioId: number): Player {
    const known = players.get(audioId);
    if (known) return known;
    if (players.size >= MAX_PLAYERS) throw new NativeFailure('too many audio contexts');
    const made = createPlayer(load, (event) => phone.emit('AudioPlayer', { audioId, ...event }));
    players.set(audioId, made);
    return made;
  }

  function close(): void {
    for (const player of players.values()) player.close();
    players.clear();
    showMusic(undefined);
  }
  phone.onClose(close);

  /** What the system shows of the music in the background, with its keys. */
  function showMusic(shown: PlayerSettings | undefined): void {
    const { mediaSession } = navigator;
    if (!mediaSession) return;
    const told = (type: 'Next' | 'Prev') => () =>
      phone.emit('AudioPlayer', {
        ...{ audioId: BACKGROUND_PLAYER, type, duration: 0, currentTime: 0, paused: false, buffered: 0 },
      });
    mediaSession.metadata = shown
      ? new MediaMetadata({ title: shown.title ?? '', artist: shown.singer ?? '', album: shown.epname ?? '' })
      : null;
    mediaSession.setActionHandler('nexttrack', shown ? told('Next') : null);
    mediaSession.setActionHandler('previoustrack', shown ? told('Prev') : null);
  }

  return {
    setAudio({ audioId, settings }) {
      if (audioId === BACKGROUND_PLAYER && settings.src) showMusic(settings);
      playerOf(audioId).set(settings);
    },
    playAudio: ({ audioId }) => playerOf(audioId).play(),
    pauseAudio: ({ audioId }) => players.get(audioId)?.pause(),
    stopAudio({ audioId }) {
      players.get(audioId)?.stop();
      if (audioId === BACKGROUND_PLAYER) showMusic(undefined);
    },
    seekAudio: ({ audioId, seconds }) => players.get(audioId)?.seek(seconds),
    closeAudio({ audioId }) {
      players.get(audioId)?.close();
      players.delete(audioId);
    },
  };
}
