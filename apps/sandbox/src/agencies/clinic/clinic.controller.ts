import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { citizen, numberOf } from '../citizen.js';

const pinParams = z.object({ pin: z.string() });
const MEDICINES = ['invented syrup', 'sample ointment', 'placebo drops'];
const REASONS = ['check-up', 'vaccination', 'sprained ankle', 'influenza', 'eyesight test'];

/** The Family Clinic, a private member: visits of its patients. It asked them for their date of birth itself. */
export function clinicRoutes(app: FastifyInstance): void {
  app.get('/:pin', (request, reply) => {
    const { pin } = pinParams.parse(request.params);
    const patient = citizen(pin);
    const number = numberOf(pin);
    if (patient === undefined || number === undefined) return reply.code(404).send({ error: 'no such patient' });
    const visits = Array.from({ length: 1 + (number % 3) }, (_, index) => ({
      visitId: `VIS-${String(number).padStart(4, '0')}-${index + 1}`,
      date: `${2022 + index}-${String(1 + (number % 12)).padStart(2, '0')}-10`,
      reason: REASONS[(number + index) % REASONS.length],
    }));
    return reply.send({ pin, birthDate: patient.birthDate, visits });
  });
  app.get('/:pin/prescriptions', (request, reply) => {
    const { pin } = pinParams.parse(request.params);
    const number = numberOf(pin);
    if (number === undefined) return reply.code(404).send({ error: 'no such patient' });
    const prescriptions = Array.from({ length: 1 + (number % 2) }, (_, index) => ({
      prescriptionId: `RX-${String(number).padStart(4, '0')}-${index + 1}`,
      date: `2024-${String(1 + (number % 12)).padStart(2, '0')}-11`,
      medicine: MEDICINES[(number + index) % MEDICINES.length],
    }));
    return reply.send({ pin, prescriptions });
  });
}
