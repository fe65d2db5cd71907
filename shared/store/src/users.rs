//! Staff who can sign in. One partition, read whole and kept by warm processes for as long as its version stands.

use std::sync::Arc;

use casa_domain::{
    StaffId,
    staff::{Group, StaffUser},
};
use chrono::{DateTime, Utc};

use crate::{
    Item, Store, StoreError,
    item::{Span, document, number, read, text},
    keys::{self, Key},
    transaction::{Expression, Guards, Transaction, absent, pointer},
};

/// All staff and groups as of one version.
#[derive(Clone, Debug, Default)]
pub struct StaffDirectory {
    version: u64,
    users: Vec<StaffUser>,
    groups: Vec<Group>,
}

impl StaffDirectory {
    /// Grows with every change of a user or group.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The user with this id.
    pub fn user(&self, id: StaffId) -> Option<&StaffUser> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The only user with exactly this first name (the Airbnb seller is found that way, contract 01 §2.3).
    pub fn by_first_name(&self, name: &str) -> Option<&StaffUser> {
        let mut found = self.users.iter().filter(|user| user.first_name == name);
        found.next().filter(|_| found.next().is_none())
    }

    /// The groups, by id.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn from_items(items: &[Item]) -> Result<Self, StoreError> {
        let mut directory = Self::default();
        for item in items {
            match text(item, "sk").unwrap_or_default() {
                keys::VERSION => {}
                sk if sk.starts_with("U#") => directory.users.push(read(item)?),
                _ => directory.groups.push(read(item)?),
            }
        }
        directory.groups.sort();
        Ok(directory)
    }
}

/// A member of staff to be entered.
#[derive(Clone, Debug)]
pub struct NewStaffUser {
    /// Sign-in name, unique in any case.
    pub email: String,
    /// Given names.
    pub first_name: String,
    /// Family names.
    pub last_name: String,
    /// Hash of the password.
    pub password_hash: String,
    /// Names of groups; missing ones are made.
    pub groups: Vec<String>,
    /// All administration rights.
    pub superuser: bool,
    /// May enter the administration.
    pub is_staff: bool,
}

/// Staff who can sign in.
#[derive(Debug)]
pub struct Users<'a>(pub(crate) &'a Store);

fn group_key(id: i64) -> Key {
    Key::new(keys::STAFF, format!("G#{id:012}"))
}

impl Users<'_> {
    /// The user with this id; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: StaffId) -> Result<Option<StaffUser>, StoreError> {
        self.0.get_document(&keys::staff(id)).await
    }

    /// The user who signs in with this e-mail address, in any case; two reads.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_email(&self, email: &str) -> Result<Option<StaffUser>, StoreError> {
        let Some(pointer) = self.0.get(&keys::staff_email(email)).await? else { return Ok(None) };
        match text(&pointer, "to").and_then(|id| id.parse().ok()) {
            Some(id) => self.get(id).await,
            None => Ok(None),
        }
    }

    /// Everybody: one small read where a warm copy is current, else one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn directory(&self) -> Result<Arc<StaffDirectory>, StoreError> {
        let version = self.0.get(&Key::new(keys::STAFF, keys::VERSION)).await?;
        self.directory_at(version.and_then(|item| number(&item, "v")).unwrap_or_default()).await
    }

    /// Everybody, given the version as just read.
    pub(crate) async fn directory_at(&self, version: u64) -> Result<Arc<StaffDirectory>, StoreError> {
        if let Some(warm) = self.0.0.directory.at(version) {
            return Ok(warm);
        }
        // As in the catalogue: the number was read before the rows, so a copy is never older than its number says.
        let rows = StaffDirectory::from_items(&self.0.query(keys::STAFF, Span::all()).await?)?;
        Ok(self.0.0.directory.keep(version, StaffDirectory { version, ..rows }))
    }

    /// Enters a user under the next free id, making groups that do not exist.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the e-mail address is in use, [`StoreError::Changed`] when another process entered
    /// somebody at the same moment.
    pub async fn create(&self, new: NewStaffUser, now: DateTime<Utc>) -> Result<StaffUser, StoreError> {
        let directory = StaffDirectory::from_items(&self.0.query(keys::STAFF, Span::all()).await?)?;
        let mut groups = directory.groups.clone();
        let mut own = Vec::new();
        for name in new.groups {
            let group = match groups.iter().find(|group| group.name == name) {
                Some(group) => group.clone(),
                None => {
                    let id = groups.iter().map(|group| group.id).max().unwrap_or_default() + 1;
                    groups.push(Group { id, name });
                    groups[groups.len() - 1].clone()
                }
            };
            own.push(group);
        }
        own.sort();
        own.dedup();
        let user = StaffUser {
            id: directory.users.iter().map(|user| user.id).max().unwrap_or_default() + 1,
            username: new.email.clone(),
            email: new.email,
            password: new.password_hash,
            first_name: new.first_name,
            last_name: new.last_name,
            is_active: true,
            is_staff: new.is_staff,
            is_superuser: new.superuser,
            profile_photo: None,
            created: now,
            date_joined: None,
            last_login: None,
            groups: own,
            session: 0,
        };
        self.enter(&user, &groups).await?;
        Ok(user)
    }

    /// Enters a user with the id and groups it has.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the e-mail address is in use, [`StoreError::Changed`] when the id is.
    pub async fn enter(&self, user: &StaffUser, groups: &[Group]) -> Result<(), StoreError> {
        let table = self.0.table();
        let mut transaction = Transaction::default();
        transaction.put(table, document(&keys::staff(user.id), user)?, Some(absent()), Guards::Version)?;
        let email = keys::staff_email(&user.email);
        transaction.put(table, pointer(&email, user.id), Some(absent()), Guards::Unique("email"))?;
        for group in groups {
            transaction.put(table, document(&group_key(group.id), group)?, None, Guards::Nothing)?;
        }
        transaction.touch(table, keys::STAFF)?;
        transaction.commit(self.0).await
    }

    /// Enters or replaces groups.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_groups(&self, groups: &[Group]) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        for group in groups {
            let item = document(&group_key(group.id), group)?;
            transaction.put(self.0.table(), item, None, Guards::Nothing)?;
        }
        transaction.touch(self.0.table(), keys::STAFF)?;
        transaction.commit(self.0).await
    }

    /// Replaces a user that was read as `before`. A changed e-mail address is not handled here.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when `before` is not what is stored any more.
    pub async fn replace(&self, before: &StaffUser, after: &StaffUser) -> Result<(), StoreError> {
        let seen = document(&keys::staff(before.id), before)?;
        let seen = seen.get("doc").cloned().unwrap_or_else(|| crate::item::s(""));
        let mut transaction = Transaction::default();
        transaction.put(
            self.0.table(),
            document(&keys::staff(after.id), after)?,
            Some(Expression::new("doc = :seen").value(":seen", seen)),
            Guards::Version,
        )?;
        transaction.touch(self.0.table(), keys::STAFF)?;
        transaction.commit(self.0).await
    }

    /// Gives the user a new password hash and ends all sessions (decision 4); answers the changed user, or `None`
    /// when nobody has that e-mail address.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when somebody else changed the user at the same moment.
    pub async fn set_password(&self, email: &str, hash: &str) -> Result<Option<StaffUser>, StoreError> {
        let Some(before) = self.by_email(email).await? else { return Ok(None) };
        let mut after = before.clone();
        after.password = hash.to_owned();
        after.session += 1;
        self.replace(&before, &after).await?;
        Ok(Some(after))
    }
}
