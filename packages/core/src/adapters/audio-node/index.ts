/** Sound in and out of a Node process: the system's devices, files, tones, and the clock that paces them. */
export { type DeviceInit, type Microphone, openMicrophone, openSpeakers, type Speakers } from './devices.ts'
export { everyFrame, fileSource, play, toneSource } from './player.ts'
export { createRecorder, type Recorder } from './recorder.ts'
