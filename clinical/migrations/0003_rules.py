"""The rules that hold whoever writes: the hospital of a record, moves of a prescription, moves of a doctor."""

from django.db import migrations

SQL = """
CREATE FUNCTION set_record_hospital() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF NEW.hospital_id IS NULL THEN
        SELECT hospital_id INTO NEW.hospital_id FROM public.doctors WHERE user_id = NEW.doctor_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appointments_set_hospital BEFORE INSERT ON appointments
    FOR EACH ROW EXECUTE FUNCTION set_record_hospital();
CREATE TRIGGER prescriptions_set_hospital BEFORE INSERT ON prescriptions
    FOR EACH ROW EXECUTE FUNCTION set_record_hospital();

CREATE FUNCTION refuse_prescription_move(rule text, explanation text) RETURNS void
    LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION '%', explanation
        USING ERRCODE = 'check_violation', CONSTRAINT = rule, TABLE = 'prescriptions';
END $$;

CREATE FUNCTION guard_prescription() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    move text := OLD.status::text || '>' || NEW.status::text;
BEGIN
    IF (NEW.patient_id, NEW.doctor_id, NEW.medications, NEW.created_at)
        IS DISTINCT FROM (OLD.patient_id, OLD.doctor_id, OLD.medications, OLD.created_at) THEN
        PERFORM public.refuse_prescription_move('prescriptions_content_is_final',
            'Patient, doctor and medications of a prescription do not change: withdraw it and write a new one.');
    END IF;
    IF NEW.pharmacist_id IS DISTINCT FROM OLD.pharmacist_id AND NEW.pharmacist_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.pharmacists p WHERE p.user_id = NEW.pharmacist_id AND p.hospital_id = NEW.hospital_id
    ) THEN
        PERFORM public.refuse_prescription_move('prescriptions_pharmacist_of_hospital',
            'The pharmacist is not of the prescription''s hospital.');
    END IF;

    IF OLD.status <> NEW.status THEN
        IF move NOT IN ('PENDING>APPROVED', 'PENDING>DENIED', 'APPROVED>DENIED', 'APPROVED>COMPLETED',
                        'COMPLETED>APPROVED') THEN
            PERFORM public.refuse_prescription_move('prescriptions_state_moves',
                'A prescription cannot move from ' || OLD.status || ' to ' || NEW.status || '.');
        END IF;
        IF NEW.status = 'DENIED' AND (NEW.denial_reason IS NULL OR NEW.denial_reason NOT IN (
            'out_of_stock', 'clarify', 'interaction', 'duplicate', 'dose', 'allergy', 'withdrawn', 'expired', 'other'
        ) OR (NEW.denial_reason = 'other' AND coalesce(btrim(NEW.denial_note), '') = '')) THEN
            PERFORM public.refuse_prescription_move('prescriptions_denial_reason',
                'A denied prescription needs a coded reason, and `other` a text.');
        END IF;
        IF NEW.pharmacist_id IS NULL AND NOT (
            NEW.status = 'DENIED' AND NEW.denial_reason IN ('withdrawn', 'expired')
        ) THEN
            PERFORM public.refuse_prescription_move('prescriptions_claimed_first',
                'A pharmacist must claim the prescription first.');
        END IF;
        IF move = 'COMPLETED>APPROVED' AND (
            NEW.pharmacist_id IS DISTINCT FROM OLD.pharmacist_id
            OR OLD.completed_at IS NULL OR now() - OLD.completed_at > interval '5 minutes'
        ) THEN
            PERFORM public.refuse_prescription_move('prescriptions_undo_window',
                'Dispensing can be undone by the same pharmacist within 5 minutes.');
        END IF;
        -- The clock of the undo is the database's, not a writer's word.
        NEW.completed_at := CASE WHEN NEW.status = 'COMPLETED' THEN now() END;
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER prescriptions_guard BEFORE UPDATE ON prescriptions
    FOR EACH ROW EXECUTE FUNCTION guard_prescription();

CREATE FUNCTION refuse_move_with_open_records() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.appointments
        WHERE doctor_id = NEW.user_id AND status = 'SCHEDULED' AND end_ts > now()
    ) OR EXISTS (
        SELECT FROM public.prescriptions WHERE doctor_id = NEW.user_id AND status IN ('PENDING', 'APPROVED')
    ) THEN
        RAISE EXCEPTION 'A doctor with open visits or undispensed prescriptions cannot move to another hospital.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'doctors_move_without_open_records', TABLE = 'doctors';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER doctors_move_without_open_records BEFORE UPDATE OF hospital_id ON doctors
    FOR EACH ROW WHEN (OLD.hospital_id IS DISTINCT FROM NEW.hospital_id)
    EXECUTE FUNCTION refuse_move_with_open_records();
"""

UNDO = """
DROP TRIGGER doctors_move_without_open_records ON doctors;
DROP TRIGGER prescriptions_guard ON prescriptions;
DROP TRIGGER prescriptions_set_hospital ON prescriptions;
DROP TRIGGER appointments_set_hospital ON appointments;
DROP FUNCTION refuse_move_with_open_records, guard_prescription, refuse_prescription_move, set_record_hospital;
"""


class Migration(migrations.Migration):
    dependencies = [("clinical", "0002_bookings_and_history"), ("hospitals", "0002_staff")]

    operations = [migrations.RunSQL(SQL, UNDO)]
