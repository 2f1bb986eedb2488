"""Rows as another program would write them: plain INSERTs that know the reference schema and nothing of ours."""

ROWS = """
INSERT INTO hospitals (id, name, address) VALUES
    ('a0000000-0000-0000-0000-000000000001', 'Seed Hospital', '1 Seed Street'),
    ('a0000000-0000-0000-0000-000000000002', 'Other Hospital', NULL);
INSERT INTO users (id, phone, role) VALUES ('b0000000-0000-0000-0000-000000000001', '436601111111', 'PATIENT');
INSERT INTO users (id, role, email, password_hash, last_login, lockout_until) VALUES
    ('b0000000-0000-0000-0000-000000000002', 'DOCTOR', 'doctor@seed.test',
     '$2b$04$abcdefghijklmnopqrstuuK1Y1r0dR7tCqYqO2mVhXyU2uJ1y2b3C', '2026-01-02 03:04:05', '2026-01-02 04:04:05');
INSERT INTO users (id, role, email, hospital_id, password_temp) VALUES
    ('b0000000-0000-0000-0000-000000000003', 'PHARMACIST', 'pharmacist@seed.test',
     'a0000000-0000-0000-0000-000000000001', true),
    ('b0000000-0000-0000-0000-000000000004', 'HOSPITAL_ADMIN', 'admin@seed.test',
     'a0000000-0000-0000-0000-000000000001', false);
INSERT INTO profiles (user_id, full_name) VALUES ('b0000000-0000-0000-0000-000000000001', 'Seed Patient');
INSERT INTO doctors (user_id, hospital_id, specialty) VALUES
    ('b0000000-0000-0000-0000-000000000002', 'a0000000-0000-0000-0000-000000000001', 'Cardiology');
INSERT INTO patients (user_id, date_of_birth) VALUES ('b0000000-0000-0000-0000-000000000001', '1980-02-29');
INSERT INTO pharmacists (user_id, hospital_id, pharmacy_name) VALUES
    ('b0000000-0000-0000-0000-000000000003', 'a0000000-0000-0000-0000-000000000001', 'Seed Pharmacy');
INSERT INTO hospital_admins (user_id, hospital_id) VALUES
    ('b0000000-0000-0000-0000-000000000004', 'a0000000-0000-0000-0000-000000000001');
INSERT INTO otps (number, otp) VALUES ('436601111111', 1234);
INSERT INTO ai_sessions (patient_id, source, transcript) VALUES
    ('b0000000-0000-0000-0000-000000000001', 'PHONE_CALL', 'AI: Good morning.');
INSERT INTO appointments (cal_booking_id, patient_id, doctor_id, start_ts, end_ts, status, cal_raw_payload) VALUES
    ('seed-booking', 'b0000000-0000-0000-0000-000000000001', 'b0000000-0000-0000-0000-000000000002',
     '2026-01-05 10:00+00', '2026-01-05 10:30+00', 'COMPLETED', '{}');
INSERT INTO prescriptions (patient_id, doctor_id, medications) VALUES
    ('b0000000-0000-0000-0000-000000000001', 'b0000000-0000-0000-0000-000000000002', '[]');
INSERT INTO prescriptions (patient_id, doctor_id, pharmacist_id, medications, status) VALUES
    ('b0000000-0000-0000-0000-000000000001', 'b0000000-0000-0000-0000-000000000002',
     'b0000000-0000-0000-0000-000000000003', '[]', 'DENIED');
INSERT INTO doctor_availability (doctor_id, day_of_week, start_time, end_time) VALUES
    ('b0000000-0000-0000-0000-000000000002', 1, '09:00', '17:00'),
    ('b0000000-0000-0000-0000-000000000002', 7, '09:00', '12:00');
INSERT INTO cal_webhooks (raw_webhook_body, signature_header) VALUES ('{"triggerEvent": "PING"}', 'abc');
"""
