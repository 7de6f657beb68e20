drop table used_sign_in_states;
