use proptest::prelude::*;

use vestibule_core::time::UnixMillis;

use super::*;

const _: () = assert!(
    size_of::<Profile>() <= 88,
    "millions of these are kept in memory (P7)"
);

proptest! {
    #[test]
    fn a_profile_says_what_the_user_is(
        id: [u8; 16],
        local in "[a-zé%._]{1,12}",
        name in "\\PC{0,40}",
        verified: bool,
        roles in proptest::collection::btree_set("[a-z0-9_-]{1,6}", 0..4),
    ) {
        let user = User {
            id: UserId::from_bytes(id),
            email: EmailAddress::from_stored(format!("{local}@example.test")),
            email_verified: verified,
            name: DisplayName::from_stored(name),
            roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
            status: UserStatus::Active,
            created_at: UnixMillis(0),
            cutoff: StoreNumber(0),
        };
        let profile = Profile::of(&user);
        prop_assert_eq!(profile.id(), user.id);
        prop_assert_eq!(profile.email(), user.email);
        prop_assert_eq!(profile.email_verified(), verified);
        prop_assert_eq!(profile.name(), user.name);
        prop_assert!(profile.roles().eq(roles.iter()));
        let identity = profile.identity();
        prop_assert_eq!(identity.user, user.id);
        prop_assert_eq!(identity.email.is_empty(), !verified);
        prop_assert!(identity.email.is_ascii() && identity.name.is_ascii());
        let groups = roles.into_iter().collect::<Vec<_>>().join(",");
        prop_assert_eq!(identity.groups, groups.as_bytes());
    }
}
