//! The list of cases, each a test of its own in every backend.

/// Makes each case of the suite a test, in a module named as the case's own; `$house` is evaluated once for each and
/// gives a new, empty [`House`](crate::contract::House).
#[macro_export]
macro_rules! contract_suite {
    ($house:expr) => {
        $crate::contract_cases! { $house =>
            users {
                an_account_is_made_told_and_audited;
                an_address_is_one_account_however_it_is_spelled;
                an_id_is_given_once;
                a_login_finds_the_account_by_address_and_by_id;
                pages_of_users_go_by_address_and_miss_nobody;
                asvs_7_4_2_disabling_ends_every_session_and_every_login;
                asvs_7_4_2_an_account_made_shut_is_never_open;
                what_died_of_a_disabling_stays_dead_when_enabled_again;
                setting_a_status_twice_changes_nothing;
            }
            administrators {
                the_only_administrator_is_not_disabled;
                one_who_is_disabled_already_counts_as_none;
                of_administrators_who_disable_each_other_one_stays;
                however_administrators_are_taken_away_one_stays;
            }
            revising {
                an_account_becomes_what_a_list_says_at_once;
                what_a_list_does_not_say_stays;
                an_account_that_is_so_already_is_left;
                only_a_primary_address_is_meant;
                the_only_administrator_is_not_revised_away;
                a_revision_loses_no_other_change;
            }
            applications {
                an_application_is_made_known_told_and_audited;
                what_is_asked_reads_back_whole;
                a_name_and_an_authority_belong_to_one_application;
                an_application_changes_and_its_old_origins_are_free;
                asvs_7_4_1_a_removed_application_leaves_no_app_session_alive;
                asvs_7_4_1_an_origin_that_comes_back_brings_no_app_session_back;
                what_is_unknown_is_neither_changed_nor_removed;
            }
            secrets {
                a_new_secret_is_kept_told_and_audited;
                two_secrets_are_good_while_an_operator_changes_over;
                what_is_said_of_an_application_leaves_its_secrets;
                secrets_go_with_their_application;
                of_many_that_rotate_at_once_the_last_is_good;
            }
            roles {
                a_role_is_described_changed_and_removed;
                a_role_that_is_held_stays;
                asvs_8_3_2_other_roles_are_told_at_once;
                the_last_administrator_stays_one;
            }
            declaring {
                a_declaration_makes_everything_as_it_says;
                the_same_declaration_again_changes_nothing;
                what_is_declared_no_more_is_let_go_of;
                what_is_declared_is_changed_by_nobody_else;
                the_account_of_somebody_declared_stays_findable;
                a_declared_address_that_nobody_proved_stays_primary;
                two_declared_applications_swap_an_authority;
                asvs_7_4_1_a_declaration_ends_what_is_at_origins_that_are_lost;
                a_declaration_that_conflicts_changes_nothing;
                a_declaration_never_leaves_no_administrator;
                an_account_that_was_there_is_taken_over;
            }
            app_sessions {
                a_handshake_opens_an_app_session_told_and_audited;
                asvs_14_2_1_a_code_is_worth_nothing_twice;
                asvs_14_2_1_a_code_is_burnt_by_whoever_brings_it;
                asvs_14_2_1_a_code_is_worth_nothing_after_ten_seconds;
                a_code_is_worth_nothing_when_its_session_or_application_is_gone;
                asvs_7_4_1_a_dead_session_offers_nothing;
                a_second_handshake_takes_the_place_of_the_first;
                asvs_7_2_4_a_new_secret_leaves_nothing_under_the_old_one;
                of_more_codes_than_a_session_may_have_the_oldest_are_gone;
                an_app_session_goes_with_the_row_of_its_session;
                codes_that_are_over_and_orphans_are_dropped;
                app_sessions_are_there_when_the_store_is_opened_again;
            }
            racing_handshakes {
                h04_of_many_that_bring_one_code_one_wins;
                h04_a_handshake_raced_against_a_logout_leaves_nothing_alive;
                handshakes_of_one_place_raced_leave_one_app_session;
                applications_raced_for_one_authority_leave_one;
            }
            session_data {
                a_value_is_kept_read_listed_and_dropped;
                no_update_is_lost_to_who_did_not_see_it;
                asvs_8_2_2_no_application_sees_anothers_and_no_session_anothers;
                asvs_15_2_2_an_application_keeps_so_much_under_a_session_and_no_more;
                asvs_7_4_1_what_lies_under_a_dead_session_is_nobodys;
                an_application_that_is_gone_keeps_nothing;
                it_goes_with_the_row_of_its_session;
                it_outlives_a_renewal_a_change_and_a_restart;
            }
            racing_session_data {
                asvs_15_4_2_of_many_writers_that_saw_one_value_one_wins;
                of_many_who_add_to_a_number_none_is_lost;
                asvs_15_4_2_parallel_writers_never_keep_too_much_together;
                of_a_write_and_a_removal_that_saw_one_value_one_wins;
                asvs_7_4_1_a_write_raced_against_an_end_leaves_nothing_behind;
            }
            passwords {
                asvs_7_4_3_a_change_of_password_spares_the_session_that_did_it;
                a_login_on_the_old_password_loses;
                a_change_of_password_is_refused_without_a_trace;
                n30_a_rehash_is_noticed_by_nobody;
                a_rehash_never_undoes_a_change_of_password;
            }
            opening {
                a_login_opens_a_session_told_and_audited;
                a_login_that_may_not_open_changes_nothing_not_even_what_it_was_made_over;
                asvs_7_2_4_the_session_a_login_is_made_over_ends_with_it;
                a_login_made_over_a_dead_session_just_opens;
                asvs_7_4_1_an_id_is_opened_once_and_never_again;
                asvs_2_3_3_a_login_that_fails_ends_nothing;
                asvs_7_1_2_one_login_too_many_ends_what_was_seen_longest_ago;
            }
            renewing {
                asvs_7_2_4_a_renewal_has_a_new_secret_and_new_clocks;
                a_renewal_keeps_a_later_last_seen;
                asvs_7_4_1_a_dead_session_is_not_renewed;
                a_renewal_asks_the_account_again;
                a_renewal_with_another_secret_is_refused;
            }
            ending {
                asvs_7_4_1_a_session_ends_once_and_with_its_reason;
                asvs_8_2_2_a_session_is_ended_by_its_owner_alone;
                what_a_cutoff_struck_is_not_ended_again;
                a_logout_ends_a_session_that_looks_idle;
                a_logout_ends_a_session_past_its_absolute_end;
                the_others_end_and_the_spared_one_stands;
                only_a_live_session_is_spared;
                asvs_7_4_5_the_sessions_of_one_user_end_by_one_cutoff;
                the_sessions_of_nobody_are_none;
                asvs_7_4_5_everybodys_sessions_end_by_one_cutoff;
                numbers_rise_by_one_with_each_cutoff_and_by_nothing_else;
                asvs_7_4_1_nothing_brings_an_ended_session_back;
            }
            running_out {
                n07_a_touch_moves_the_idle_clock_and_no_other;
                a_touch_only_ever_moves_later;
                many_touches_at_once_are_all_written;
                asvs_7_3_1_what_ran_out_ends_with_its_reason;
                a_later_use_that_is_stored_wins_over_a_time_out;
                what_a_renewal_gave_new_clocks_has_not_run_out;
                n01_a_login_from_a_clock_ahead_is_over_once_the_clock_is_right;
                a_thousand_run_out_at_once;
                dead_rows_are_dropped_and_nobody_notices;
                dead_rows_are_dropped_a_few_at_a_time;
            }
            lists {
                asvs_7_5_2_a_user_sees_their_own_live_sessions_newest_first;
                pages_of_sessions_show_all_that_live_and_nothing_else;
                pages_of_sessions_are_stable_under_logins_and_logouts;
            }
            filters {
                users_are_found_by_the_rule;
                sessions_are_found_by_the_rule;
                events_are_found_by_the_rule;
                pages_of_users_miss_nobody_who_stays;
                pages_of_events_miss_none_and_show_none_twice;
                a_page_looks_at_so_many_rows_and_no_more;
                a_page_looks_at_so_many_events_and_no_more;
                events_of_a_time_are_found_without_a_walk_through_all;
            }
            installation {
                the_master_key_is_adopted_once;
                the_first_sealed_key_is_kept_by_all;
                the_mark_of_time_rises_and_never_falls;
                an_operator_may_lower_the_mark_and_the_trail_says_so;
            }
            setup {
                asvs_6_3_2_the_link_makes_the_administrator_and_burns;
                asvs_6_3_2_only_the_latest_link_is_good_and_only_for_its_time;
                asvs_6_3_2_a_used_link_is_burnt_whatever_it_made;
                a_taken_address_keeps_the_link;
                asvs_6_3_2_an_administrator_however_made_ends_every_offer;
            }
            audit {
                asvs_16_2_1_each_event_says_what_when_who_and_from_where;
                the_trail_reads_forwards_in_pages_and_backwards_by_user;
                seals_chain_batch_by_batch_and_leave_a_tail;
                what_the_sealer_declines_stays_unsealed;
                asvs_15_4_2_parallel_sealers_never_fork_the_chain;
                asvs_15_4_2_who_follows_among_many_writers_misses_nothing;
                asvs_2_3_3_an_acts_events_stand_together;
            }
            publication {
                an_empty_house_is_filled_at_once;
                the_fill_is_users_then_standing_sessions;
                what_is_asked_of_an_opening_store_follows_the_fill;
                a_change_is_published_before_its_answer;
                a_storm_is_published_in_the_order_it_was_committed;
                asvs_2_3_3_a_caller_that_hangs_up_loses_and_invents_nothing;
            }
            racing_logins {
                h04_a_hundred_set_ups_make_one_administrator;
                h04_a_hundred_accounts_under_one_address_are_one;
                asvs_2_3_3_one_that_fails_spares_its_neighbours;
                asvs_7_4_3_no_login_outruns_a_change_of_password;
                asvs_7_4_2_no_login_outruns_a_disabling;
                asvs_7_1_2_parallel_logins_of_one_user_stay_within_the_limit;
                h04_a_hundred_renewals_of_one_secret_renew_it_once;
                of_two_changes_of_password_one_wins;
            }
            racing_ends {
                asvs_7_4_1_a_touch_racing_a_logout_leaves_no_survivor;
                asvs_7_4_1_a_renewal_racing_a_logout_leaves_no_survivor;
                asvs_7_3_1_a_touch_and_a_time_out_agree_who_was_first;
                two_that_end_the_others_leave_one;
                what_ends_once_is_told_once;
            }
            throttles {
                n43_an_address_is_slowed_after_its_free_tries;
                asvs_6_3_8_an_address_without_an_account_is_tried_alike;
                what_is_typed_need_not_be_an_address;
                c23_several_addresses_of_an_account_have_the_tries_of_one;
                a_try_taken_back_leaves_no_trace;
                a_network_is_charged_for_the_failures_of_strangers_alone;
                tallies_outlive_the_process;
                a_try_tells_what_a_login_needs;
                n40_idle_tallies_are_dropped_a_few_at_a_time_and_never_a_passwords;
            }
            known_devices {
                c23_a_stranger_cannot_spend_a_known_devices_tries;
                c23_a_device_whose_tries_are_spent_is_a_strangers;
                c23_a_device_is_known_by_its_secret_to_its_owners_account_alone;
                a_device_is_known_for_its_time_after_its_last_login;
                of_more_devices_than_a_person_has_the_oldest_are_forgotten;
                c23_under_alarm_strangers_have_fewer_tries_and_owners_as_many;
                c23_who_is_put_out_is_a_stranger_again;
                c23_an_old_login_that_ends_leaves_the_device_one_sits_at_known;
                c23_the_end_of_all_a_users_sessions_spares_the_device_of_the_owner_who_asked;
            }
            wrong_passwords {
                n40_the_hundredth_wrong_password_in_a_row_disables_it_until_recovery;
                n42_a_success_starts_its_own_tallies_again_and_nobody_elses;
                a_login_that_is_refused_starts_nothing_again;
                n45_a_failure_that_outlasts_a_success_is_counted;
                n42_a_re_authentication_that_holds_starts_its_tallies_again;
                n45_a_failure_that_outlasts_a_success_closes_what_it_fills;
                n40_the_failure_that_disables_a_password_is_told_and_no_other;
            }
            racing_tries {
                n45_of_a_hundred_parallel_tries_exactly_the_free_ones_begin;
                n45_parallel_failures_are_each_counted_once;
                n45_of_a_hundred_parallel_tries_a_network_has_those_it_has_room_for;
                a_session_has_the_tries_of_its_own_alone;
                n40_no_more_than_a_hundred_are_evaluated_however_parallel;
                what_a_hundred_parallel_failures_close_is_told_once;
                parallel_tries_taken_back_leave_no_trace;
                n42_failures_racing_a_success_are_counted_or_followed_by_it;
                n40_failures_racing_a_recovery_leave_a_good_password;
            }
            tickets {
                c13_a_ticket_reads_as_offered_until_its_end;
                what_an_operator_offers_is_audited;
                a_register_ticket_makes_the_account_and_signs_it_in;
                a_register_ticket_makes_an_account_for_its_own_address_alone;
                a_register_ticket_of_an_address_that_is_taken_is_burnt;
                an_invitations_roles_are_not_lost_to_an_open_registration;
                a_ticket_past_its_end_does_nothing;
                a_ticket_serves_its_purpose_alone;
                asvs_6_6_3_five_codes_are_compared_and_then_the_ticket_is_gone;
                the_link_in_a_mail_ends_its_login_and_forgets_its_device;
                spent_tickets_are_dropped_a_few_at_a_time;
                a_login_offers_the_ticket_that_ends_it_and_a_refused_one_none;
                c23_a_login_that_is_over_leaves_no_device_known_once_its_mail_says_so;
            }
            recovering {
                a_recovery_ends_everything_that_came_before_it;
                a_recovery_verifies_the_address_that_its_ticket_went_to;
                a_recovery_is_refused_without_a_trace;
                a_recovery_restarts_the_tries_of_every_kind;
            }
            confirming {
                an_address_is_added_by_its_ticket;
                an_own_address_is_verified_by_its_ticket;
                asvs_8_2_2_an_address_ticket_serves_its_user_alone;
                an_address_of_another_account_is_not_added;
                a_user_has_so_many_addresses_and_no_more;
            }
            racing_tickets {
                h04_of_many_registrations_on_one_ticket_one_wins;
                h04_of_many_recoveries_on_one_ticket_one_wins;
                h04_of_two_recover_tickets_raced_one_wins;
                h04_of_many_that_end_a_login_by_one_ticket_one_wins;
                h04_of_many_that_confirm_an_address_by_one_ticket_one_wins;
                asvs_6_6_3_parallel_codes_pass_no_limit_together;
                asvs_6_6_3_the_fifth_code_may_be_the_right_one;
                an_address_is_one_accounts_however_many_claim_it;
                parallel_addresses_of_one_user_stay_within_the_limit;
                asvs_7_4_3_no_login_outruns_a_recovery;
                of_a_recovery_and_a_change_of_password_one_wins;
                of_a_mailed_end_and_a_logout_one_ends_the_session;
            }
            outbox {
                asvs_2_4_1_an_errand_charges_all_its_tallies_or_none;
                asvs_15_4_2_parallel_errands_pass_no_limit_together;
                errands_are_taken_when_due_and_the_oldest_first;
                requests_are_taken_before_letters;
                n01_an_errand_from_a_clock_ahead_is_done_once_the_clock_is_right;
                c23_mails_asked_for_on_a_known_device_are_charged_to_it_alone;
                a_login_knows_how_many_letters_wait;
                parallel_takers_share_no_errand;
                h04_an_errand_is_finished_once;
                finishing_writes_its_events_its_ticket_and_what_follows;
                errands_go_with_their_users_account;
            }
            telling {
                asvs_6_3_7_what_a_transition_tells_is_written_with_it;
                asvs_6_3_7_what_did_not_happen_is_not_told;
                of_parallel_changes_only_the_one_that_wins_is_told;
            }
            addresses {
                a_users_addresses_are_listed_the_primary_one_first;
                a_login_finds_the_account_by_each_of_its_addresses;
                an_address_is_one_accounts_whether_primary_or_not;
                an_address_that_is_removed_is_nobodys;
                an_address_is_removed_by_its_owner_alone_and_never_the_primary_one;
                another_address_names_the_account;
                an_address_that_nobody_proved_is_dropped_with_its_rank;
                a_change_of_password_leaves_addresses_and_devices_alone;
                a_user_has_one_primary_address_whatever_races;
                of_an_address_made_primary_and_removed_one_wins;
                an_address_that_is_passed_on_is_never_two_accounts;
            }
            deleting {
                asvs_7_4_2_a_deletion_ends_every_session_and_is_told;
                nothing_of_a_deleted_user_is_read_again;
                o02_a_deleted_users_id_is_never_given_again;
                nothing_is_done_for_a_deleted_user;
                an_errand_that_is_done_too_late_offers_nothing;
                personal_data_is_erased_and_the_trail_still_verifies;
                the_only_administrator_stays;
            }
            racing_deletions {
                parallel_erasers_erase_each_row_once;
                of_administrators_who_delete_each_other_one_stays;
                asvs_7_4_2_nothing_outruns_a_deletion;
            }
            walk {
                a_long_walk_agrees_with_the_model_at_each_step;
            }
            walk_of_tries {
                a_long_walk_of_tries_agrees_with_the_rules_at_each_step;
            }
        }
        $crate::contract_pairs! { $house =>
            archive {
                what_is_exported_and_imported_is_the_same;
                an_export_changes_nothing;
                an_export_is_of_one_moment_and_holds_up_nobody;
                a_table_of_many_pages_comes_whole_and_in_order;
                a_store_that_holds_something_takes_no_import;
                asvs_2_3_3_an_import_that_fails_leaves_nothing;
                asvs_7_4_1_a_restore_ends_every_login_by_one_cutoff;
                a_restore_may_keep_logins;
                no_handshake_is_exported;
            }
        }
    };
}

/// Cases about two houses, each empty.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_pairs {
    ($house:expr => $($module:ident { $($case:ident;)* })*) => {
        $(
            mod $module {
                use super::*;

                $(
                    #[test]
                    fn $case() {
                        $crate::contract::run_pair($house, $house, $crate::contract::$module::$case);
                    }
                )*
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($house:expr => $($module:ident { $($case:ident;)* })*) => {
        $(
            mod $module {
                use super::*;

                $(
                    #[test]
                    fn $case() {
                        $crate::contract::run($house, $crate::contract::$module::$case);
                    }
                )*
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// No case is forgotten: what a file of the suite declares stands in the list.
    #[test]
    fn every_case_is_listed() {
        let list = include_str!("cases.rs");
        let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
        let mut cases = 0;
        for entry in std::fs::read_dir(suite).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none() {
                continue;
            }
            let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else {
                    continue;
                };
                let name = rest.split('(').next().unwrap();
                let (_, listed) = list.split_once(&format!("{module} {{\n")).unwrap();
                let (listed, _) = listed.split_once('}').unwrap();
                assert!(
                    listed.contains(&format!(" {name};")),
                    "{module}::{name} is not listed"
                );
                cases += 1;
            }
        }
        assert!(cases > 130, "found {cases} cases only");
    }
}
