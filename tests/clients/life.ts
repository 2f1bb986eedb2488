// A patient's life through the TypeScript client that is generated from `docs/openapi.yaml`. Says each step as a line of JSON.
//
//     node life.js WEB PHONE SMS_FILE
import {
  AiSessionsApi,
  AppointmentsApi,
  AppointmentStatus,
  AuthApi,
  BookingOutcome,
  Configuration,
  DoctorsApi,
  ListAppointmentsOrderEnum,
  MeApi,
  OutcomeStatus,
  PrescriptionsApi,
  ResponseError,
} from './client';

// Of Node, without its types.
declare const process: { argv: string[] };
declare const require: (name: string) => {
  existsSync: (path: string) => boolean;
  readFileSync: (path: string, encoding: string) => string;
};
const [web, phone, sms] = process.argv.slice(2);
const say = (...words: unknown[]) => console.log(JSON.stringify(words));
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const key = () => crypto.randomUUID();
const born = new Date('1990-02-28');

async function codeSent(): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    await pause(100);
    if (!require('node:fs').existsSync(sms)) continue;
    const lines = require('node:fs').readFileSync(sms, 'utf8').split('\n').filter((line) => line);
    const sent = lines.map((line) => JSON.parse(line)).filter((one) => one.to.replace('+', '') === phone.replace('+', ''));
    const code = /\b\d{4}\b/.exec(sent.at(-1)?.text ?? '');
    if (code) return code[0];
  }
  throw new Error('No SMS came.');
}

async function refusal(call: () => Promise<unknown>): Promise<unknown[]> {
  try {
    return ['not refused', await call()];
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    return [error.response.status, (await error.response.json()).code];
  }
}

async function life(): Promise<void> {
  let token = '';
  const configuration = new Configuration({ basePath: web, accessToken: () => token });
  const auth = new AuthApi(configuration);
  const challenge = await auth.requestCode({ phoneNumberRequest: { phone } });
  const proof = { challengeId: challenge.challengeId, phone, otp: await codeSent(), deviceName: 'TypeScript' };
  const signedIn = await auth.signIn({ signInRequest: proof, idempotencyKey: key() });
  token = signedIn.token;
  say('signed in', signedIn.isNew, signedIn.stepUp);
  const me = new MeApi(configuration);
  const profile = await me.updateProfile({ meChangesRequest: { dateOfBirth: born } });
  // An operation that answers without a body.
  say('born', profile.dateOfBirth!.toISOString().slice(0, 10), await auth.stepUp({ stepUpRequest: { dateOfBirth: born } }));

  const doctors = new DoctorsApi(configuration);
  const doctor = (await doctors.listDoctors({ search: 'dora' })).results.find((one) => one.bookable)!;
  const from = new Date(Date.now() + 2 * 86_400_000);
  const to = new Date(Date.now() + 22 * 86_400_000);
  const { slots } = await doctors.listSlots({ doctorId: doctor.id, from, to });
  say('doctor', doctor.fullName, slots.length > 2);

  const appointments = new AppointmentsApi(configuration);
  const settled = async (outcome: BookingOutcome): Promise<BookingOutcome> => {
    while (outcome.status === OutcomeStatus.Pending) {
      await pause(200);
      outcome = await appointments.getBookingRequest({ requestId: outcome.requestId! });
    }
    return outcome;
  };
  const wish = {
    idempotencyKey: key(),
    bookingRequest: { doctor: doctor.id, start: slots[0].start, reason: 'Headaches' },
  };
  const outcome = await appointments.bookAppointment(wish);
  say('booking', outcome.status);
  say('waiting', (await appointments.listBookingRequests()).results.map((one) => one.kind));
  const booked = (await settled(outcome)).appointment!;
  say('booked', booked.status, booked.start.getTime() === slots[0].start.getTime());
  say('sent again', (await appointments.bookAppointment(wish)).requestId === outcome.requestId);
  const visit = { appointmentId: booked.id };
  const move = (start: Date) => appointments.rescheduleAppointment({ ...visit, rescheduleRequest: { start } });
  const moved = (await settled(await move(slots[1].start))).appointment!;
  say('moved', moved.id === booked.id, moved.start.getTime() === slots[1].start.getTime());
  const cancel = await appointments.cancelAppointment({ ...visit, cancellationRequest: { reason: 'ill' } });
  say('cancelled', (await settled(cancel)).appointment!.status);
  const order = ListAppointmentsOrderEnum.Start;
  const listed = await appointments.listAppointments({ status: AppointmentStatus.Cancelled, order });
  say('listed', listed.results.map((one) => one.id === booked.id), listed.next);
  say('refused', ...(await refusal(() => move(slots[2].start))));

  const prescriptions = await new PrescriptionsApi(configuration).listPrescriptions();
  say('prescriptions', prescriptions.results.map((one) => one.status));
  const talks = new AiSessionsApi(configuration);
  const talk = await talks.startAiSession({ newAiSessionRequest: {} });
  const tell = (text: string) => talks.sendMessage({ sessionId: talk.id, chatMessageRequest: { text } });
  const urgent = await tell('I have chest pain');
  say('emergency', urgent.status, urgent.isEmergency);
  const asked = await tell('When are you open?');
  const message = { sessionId: talk.id, requestId: asked.requestId };
  say('message', asked.status, (await talks.getMessage(message)).status);

  const devices = await auth.listDevices();
  say('devices', devices.results.filter((one) => one.name === 'TypeScript').map((one) => one.isCurrent));
  await auth.signOut();
  say('signed out', ...(await refusal(() => me.getProfile())));
}

void life();
